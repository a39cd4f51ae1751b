/* What descriptors.c and zygote.c both do with sockets. */

#ifndef RFLOW_SOCKETS_H
#define RFLOW_SOCKETS_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <R.h>
#include <Rinternals.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

static inline void rflow_close_on_exec(int fd) { fcntl(fd, F_SETFD, fcntl(fd, F_GETFD) | FD_CLOEXEC); }

static inline void rflow_unix_address(struct sockaddr_un *address, const char *path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path)
    Rf_error("the socket path %s is longer than %d bytes", path, (int)sizeof address->sun_path - 1);
  strcpy(address->sun_path, path);
}

#endif
