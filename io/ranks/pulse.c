#define _GNU_SOURCE
#include "io/ranks/pulse.h"

#include "io/base/disk.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ranks/comm_mpi.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 8, MAGIC = 0x70756c73 };

/* A process that uses less than this share of one core counts as idle; MPI's own threads use less. */
static const double BUSY_SHARE = 0.0005;

/* The addresses of a rank. */
typedef struct card {
  uint32_t address[ADDRESSES_MAX]; /* IPv4, network order */
  int32_t n;                       /* 0: it cannot be reached */
  uint16_t port;                   /* network order */
} card;

typedef struct beat {
  uint32_t magic;
  int32_t rank;
  uint64_t key; /* of this run: datagrams of other runs are ignored */
  int64_t count;
  char phase[PULSE_PHASE_MAX], host[PULSE_HOST_MAX];
} beat;

struct pulse {
  pthread_t thread;
  pthread_mutex_t lock; /* of beat.phase */
  int fd, wake[2];      /* wake: a pipe; closing it ends the thread */
  double timeout, interval;
  pulse_lost *lost;
  beat mine, heard; /* heard.count = 0: nothing yet */
  int watched;      /* the next rank */
  card before;      /* the previous rank, which watches us */
};

static void find_addresses(card *out) {
  struct ifaddrs *all = NULL;
  out->address[out->n++] = htonl(INADDR_LOOPBACK); /* for ranks on the same host */
  if (getifaddrs(&all) != 0)
    return;
  for (struct ifaddrs *a = all; a != NULL && out->n < ADDRESSES_MAX; a = a->ifa_next) {
    if (a->ifa_addr == NULL || a->ifa_addr->sa_family != AF_INET)
      continue;
    struct sockaddr_in in;
    memcpy(&in, a->ifa_addr, sizeof in);
    if (in.sin_addr.s_addr != htonl(INADDR_LOOPBACK))
      out->address[out->n++] = in.sin_addr.s_addr;
  }
  freeifaddrs(all);
}

/* Opens a socket on a port of its own; -1, and an empty card, if that fails. */
static int open_socket(card *out) {
  struct sockaddr_in name = {.sin_family = AF_INET};
  socklen_t size = sizeof name;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) != 0 ||
      getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
    if (fd >= 0)
      close(fd);
    return -1;
  }
  out->port = name.sin_port;
  find_addresses(out);
  return fd;
}

/* --- the thread --- */

static double clock_of(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void send_beat(struct pulse *p) {
  beat b;
  pthread_mutex_lock(&p->lock);
  p->mine.count++;
  b = p->mine;
  pthread_mutex_unlock(&p->lock);
  for (int i = 0; i < p->before.n; i++) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = p->before.port};
    to.sin_addr.s_addr = p->before.address[i];
    sendto(p->fd, &b, sizeof b, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to); /* the next one replaces a lost one */
  }
}

/* Returns true if a new beat of the next rank has come. */
static bool receive_beats(struct pulse *p) {
  bool any = false;
  beat b;
  for (ssize_t n; (n = recv(p->fd, &b, sizeof b, 0)) >= 0 || errno == EINTR || errno == ECONNREFUSED;) {
    if (n != sizeof b || b.magic != MAGIC || b.key != p->mine.key || b.rank != p->watched || b.count <= p->heard.count)
      continue;
    b.phase[PULSE_PHASE_MAX - 1] = b.host[PULSE_HOST_MAX - 1] = '\0';
    p->heard = b;
    any = true;
  }
  return any;
}

static void *beat_and_watch(void *of) {
  struct pulse *p = of;
  double silent = 0, busy = 0;
  for (double then = seconds_now();;) {
    double worked = clock_of(CLOCK_PROCESS_CPUTIME_ID) - clock_of(CLOCK_THREAD_CPUTIME_ID);
    if (worked - busy > BUSY_SHARE * p->interval)
      send_beat(p);
    busy = worked;
    struct pollfd wake = {.fd = p->wake[0], .events = POLLIN};
    if (poll(&wake, 1, (int)(1000 * p->interval)) > 0)
      return NULL;
    double now = seconds_now();
    if (receive_beats(p))
      silent = 0;
    else if (p->heard.count > 0) /* a long step means that this thread was held up and could not hear */
      silent += now - then < 2 * p->interval ? now - then : p->interval;
    if (silent >= p->timeout) {
      p->lost(p->watched, p->heard.host, p->heard.phase, silent);
      return NULL;
    }
    then = now;
  }
}

/* --- */

static void free_pulse(struct pulse *p) {
  for (int i = 0; i < 2; i++)
    if (p->wake[i] >= 0)
      close(p->wake[i]);
  if (p->fd >= 0)
    close(p->fd);
  mem_free(p);
}

/* The thread blocks all signals: they are for the main thread. */
static bool start_thread(struct pulse *p) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool good = pipe2(p->wake, O_CLOEXEC) == 0 && pthread_create(&p->thread, NULL, beat_and_watch, p) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return good;
}

status pulse_start(comm *c, double timeout, pulse_lost *lost) {
  if (c->size == 1 || timeout <= 0)
    return OK;
  struct pulse *p = NULL;
  card mine = {0};
  status st = comm_agree(c, MEM_ZALLOC(p, 1, "pulse"));
  if (st != OK) {
    mem_free(p);
    return st;
  }
  *p = (struct pulse){.wake = {-1, -1}, .timeout = timeout, .lost = lost, .watched = (c->rank + 1) % c->size};
  p->interval = timeout / 8 < 1 ? timeout / 8 : 1;
  p->mine = (beat){.magic = MAGIC, .rank = c->rank, .phase = "starting"};
  disk_host(p->mine.host);
  pthread_mutex_init(&p->lock, NULL);
  p->fd = open_socket(&mine);
  if (c->rank == 0 && getrandom(&p->mine.key, sizeof p->mine.key, 0) != sizeof p->mine.key)
    p->mine.key = (uint64_t)getpid() << 32 ^ (uint64_t)time(NULL);
  /* Not counted in bytes_sent, which counts the work. */
  MPI_Bcast(&p->mine.key, 1, MPI_UINT64_T, 0, comm_mpi(c));
  MPI_Sendrecv(&mine, sizeof mine, MPI_BYTE, p->watched, 0, &p->before, sizeof p->before, MPI_BYTE,
               (c->rank + c->size - 1) % c->size, 0, comm_mpi(c), MPI_STATUS_IGNORE);
  if (p->fd < 0 || !start_thread(p)) {
    log_warn("hanging ranks cannot be detected: %s", strerror(errno));
    free_pulse(p);
    return OK;
  }
  c->pulse = p;
  return OK;
}

void pulse_phase(comm *c, const char *format, ...) {
  if (c->pulse == NULL)
    return;
  va_list args;
  va_start(args, format);
  pthread_mutex_lock(&c->pulse->lock);
  vsnprintf(c->pulse->mine.phase, PULSE_PHASE_MAX, format, args);
  pthread_mutex_unlock(&c->pulse->lock);
  va_end(args);
}

void pulse_stop(comm *c) {
  if (c->pulse == NULL)
    return;
  close(c->pulse->wake[1]);
  c->pulse->wake[1] = -1;
  pthread_join(c->pulse->thread, NULL);
  pthread_mutex_destroy(&c->pulse->lock);
  free_pulse(c->pulse);
  c->pulse = NULL;
}
