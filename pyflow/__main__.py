"""`python -m pyflow` is the command `pyflow`, where the folder of installed programs is not on the PATH."""

from pyflow.cli.command import main

if __name__ == "__main__":
    main()
