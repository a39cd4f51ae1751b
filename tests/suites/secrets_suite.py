"""What every source of secrets must keep (ports.SecretSource)."""

import pytest

from pyflow.spec.errors import SecretError


def check_source(source, good, expected, *, missing=None, invalid=None):
    """`good` gives the variables `expected`; `missing` names a secret that is not there, `invalid` lacks what is needed."""
    found = source.get(good, None)
    assert dict(found) == expected
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in found.items())
    assert dict(source.get(good, None)) == expected, "asking twice gives the same"
    for bad, code in ((missing, "secret_missing"), (invalid, "secret_invalid")):
        if bad is None:
            continue
        with pytest.raises(SecretError) as caught:
            source.get(bad, None)
        assert caught.value.code == code
        assert caught.value.hint
        assert not any(value and value in str(caught.value) for value in expected.values()), "a message holds a value"
