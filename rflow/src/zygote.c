/* The R fork server (shared_spec/task.md, section 5).
 *
 * The loop is C alone: the server runs no R code between forks, so that its heap stays as it was and children share
 * its pages. rflow_zygote_serve() returns in each child, with its connection and the first line that came over it, and
 * once in the server, with NULL, when the control socket has ended.
 */

#include "zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <R.h>
#include "sockets.h"

#define LINE_LIMIT 65536

/* A connection: first its line is awaited (pid 0), then it belongs to the child `pid`. */
typedef struct {
  int fd;
  pid_t pid;
  char *line;
  size_t length;
} Link;

typedef struct {
  int control, listener;
  Link *links;
  int count, capacity;
  struct sigaction interrupt, terminate; /* how R itself had them, for the children */
} Server;

/* Written to by the signal handler: a signal must wake poll() and must not get lost before it. */
static int wake[2] = {-1, -1};

static void on_signal(int number) {
  int saved = errno;
  char byte = (char)number;
  if (write(wake[1], &byte, 1) < 0) { /* the pipe is full, so the loop is woken anyway */
  }
  errno = saved;
}

static void set_handler(int number, void (*handler)(int), struct sigaction *before) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, before);
}

SEXP rflow_zygote_listen(SEXP path) {
  struct sockaddr_un address;
  rflow_unix_address(&address, Rf_translateChar(STRING_ELT(path, 0)));
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) Rf_error("cannot make a socket: %s", strerror(errno));
  rflow_close_on_exec(fd);
  unlink(address.sun_path);
  mode_t mask = umask(0077); /* nobody else may start processes of this user */
  int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  umask(mask);
  if (bound < 0 || listen(fd, 512) < 0) {
    int reason = errno;
    close(fd);
    Rf_error("cannot listen at %s: %s", address.sun_path, strerror(reason));
  }
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return Rf_ScalarInteger(fd);
}

static void tell(int fd, const char *message) {
  if (fd >= 0) send(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void drop(Server *server, int i) {
  if (server->links[i].fd >= 0) close(server->links[i].fd);
  free(server->links[i].line);
  server->links[i] = server->links[--server->count];
}

static void accept_links(Server *server) {
  int fd;
  while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
    rflow_close_on_exec(fd);
    if (server->count == server->capacity) {
      int capacity = server->capacity ? 2 * server->capacity : 16;
      Link *larger = realloc(server->links, capacity * sizeof(Link));
      if (!larger) {
        close(fd);
        return;
      }
      server->links = larger;
      server->capacity = capacity;
    }
    char *line = malloc(LINE_LIMIT);
    if (!line) {
      close(fd);
      return;
    }
    server->links[server->count++] = (Link){.fd = fd, .pid = 0, .line = line, .length = 0};
  }
}

/* End a task whose runner is gone or whose server ends. `group`: with all of its process group. */
static void end_task(pid_t pid, int group) {
  pid_t own = getpgid(pid);
  if (own > 0 && own != getpgrp() && (group || own == pid)) kill(-own, SIGKILL);
  kill(pid, SIGKILL);
}

static void report_end(Server *server, pid_t pid, int status) {
  char message[100];
  snprintf(message, sizeof message, "{\"event\":\"exited\",\"status\":%d,\"signal\":%d}\n",
           WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  for (int i = 0; i < server->count; i++) {
    if (server->links[i].pid != pid) continue;
    kill(-pid, SIGKILL); /* what the task left behind, if it led a group of its own */
    tell(server->links[i].fd, message);
    drop(server, i);
    return;
  }
}

/* End what left its task's process group and was adopted; only when no task runs is it surely nobody's. */
static void end_strays(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  FILE *file = fopen(path, "re");
  if (!file) return;
  int pid;
  while (fscanf(file, "%d", &pid) == 1) kill(pid, SIGKILL);
  fclose(file);
}

static void reap(Server *server) {
  int status, tasks = 0;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) report_end(server, pid, status);
  for (int i = 0; i < server->count; i++) tasks += server->links[i].pid != 0;
  if (!tasks) end_strays();
}

/* What the child undoes of the server before it goes its own way. */
static void become_child(Server *server, pid_t parent, int mine) {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
#else
  (void)parent;
#endif
  sigaction(SIGINT, &server->interrupt, NULL); /* R's handler: an interrupt stops R code with a condition */
  sigaction(SIGTERM, &server->terminate, NULL);
  signal(SIGCHLD, SIG_DFL);
  close(wake[0]);
  close(wake[1]);
  close(server->control);
  close(server->listener);
  for (int i = 0; i < server->count; i++)
    if (server->links[i].fd >= 0 && server->links[i].fd != mine) close(server->links[i].fd);
}

/* Take what has arrived on a new connection. Returns 1 in a child, whose connection is link `i`. */
static int read_link(Server *server, int i) {
  Link *link = &server->links[i];
  ssize_t n = recv(link->fd, link->line + link->length, LINE_LIMIT - 1 - link->length, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (n <= 0) {
    drop(server, i);
    return 0;
  }
  link->length += n;
  if (link->line[link->length - 1] != '\n') {
    if (link->length == LINE_LIMIT - 1) drop(server, i);
    return 0;
  }
  link->line[link->length - 1] = 0;
  pid_t parent = getpid(), pid;
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before); /* a signal for the child must not reach the server's handler */
  pid = fork();
  if (pid == 0) become_child(server, parent, link->fd);
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (pid == 0) return 1;
  if (pid < 0) {
    char message[300];
    static const char form[] =
        "{\"event\":\"error\",\"error\":{\"type\":\"fork\",\"code\":\"host_lost\",\"message\":\"%s\"}}\n";
    snprintf(message, sizeof message, form, strerror(errno));
    tell(link->fd, message);
    drop(server, i);
    return 0;
  }
  link->pid = pid;
  free(link->line);
  link->line = NULL;
  return 0;
}

/* Returns the link of the child, in the child; -1 to go on. */
static int serve_links(Server *server, const struct pollfd *ready, int count) {
  for (int i = count - 1; i >= 0; i--) { /* backwards, because drop() moves the last link */
    if (!ready[i].revents) continue;
    Link *link = &server->links[i];
    if (link->pid == 0) {
      if (read_link(server, i)) return i;
    } else if (ready[i].revents & (POLLHUP | POLLERR)) { /* its runner is gone */
      end_task(link->pid, 0);
      close(link->fd);
      link->fd = -1;
    }
  }
  return -1;
}

/* 1 when the server is to end: the control socket has ended, or SIGTERM came. */
static int serve_wakes(Server *server, short control, short woken) {
  char bytes[256];
  ssize_t n;
  if (woken) {
    while ((n = read(wake[0], bytes, sizeof bytes)) > 0)
      if (memchr(bytes, SIGTERM, n)) return 1;
    reap(server);
  }
  if (!control) return 0;
  do n = read(server->control, bytes, sizeof bytes);
  while (n < 0 && errno == EINTR);
  return n <= 0; /* nothing is asked of a running server; what may come is passed over */
}

/* The index of the child's own link, in a child; -1 in the server, at its end. */
static int loop(Server *server) {
  struct pollfd *ready = NULL;
  int mine = -1, ending = 0;
  while (mine < 0 && !ending) {
    int count = server->count;
    ready = realloc(ready, (count + 3) * sizeof *ready);
    if (!ready) break;
    for (int i = 0; i < count; i++)
      ready[i] = (struct pollfd){.fd = server->links[i].fd, .events = server->links[i].pid ? 0 : POLLIN};
    ready[count] = (struct pollfd){.fd = server->listener, .events = POLLIN};
    ready[count + 1] = (struct pollfd){.fd = wake[0], .events = POLLIN};
    ready[count + 2] = (struct pollfd){.fd = server->control, .events = POLLIN};
    if (poll(ready, count + 3, -1) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    mine = serve_links(server, ready, count);
    if (mine >= 0) break;
    if (ready[count].revents) accept_links(server);
    ending = serve_wakes(server, ready[count + 2].revents, ready[count + 1].revents);
  }
  free(ready);
  return mine;
}

static void end_server(Server *server) {
  close(server->listener);
  for (int i = 0; i < server->count; i++)
    if (server->links[i].pid) end_task(server->links[i].pid, 1);
  do end_strays(); /* again after each death: whoever has died may have left some that were adopted just now */
  while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
  while (server->count) drop(server, server->count - 1);
  free(server->links);
}

SEXP rflow_zygote_serve(SEXP control, SEXP listener) {
  Server server = {.control = Rf_asInteger(control), .listener = Rf_asInteger(listener)};
  if (pipe(wake) < 0) Rf_error("cannot make a pipe: %s", strerror(errno));
  for (int i = 0; i < 2; i++) {
    rflow_close_on_exec(wake[i]);
    fcntl(wake[i], F_SETFL, O_NONBLOCK);
  }
  rflow_close_on_exec(server.control);
#ifdef __linux__
  prctl(PR_SET_CHILD_SUBREAPER, 1); /* what a task leaves behind comes to this process, which ends it */
#endif
  set_handler(SIGINT, SIG_IGN, &server.interrupt); /* Ctrl-C is the engine's to handle */
  set_handler(SIGTERM, on_signal, &server.terminate);
  set_handler(SIGCHLD, on_signal, NULL);
  int mine = loop(&server);
  if (mine < 0) {
    end_server(&server);
    return R_NilValue;
  }
  Link *link = &server.links[mine];
  SEXP child = PROTECT(Rf_allocVector(VECSXP, 2));
  SET_VECTOR_ELT(child, 0, Rf_ScalarInteger(link->fd));
  SET_VECTOR_ELT(child, 1, Rf_ScalarString(Rf_mkCharCE(link->line, CE_UTF8)));
  UNPROTECT(1);
  return child;
}
