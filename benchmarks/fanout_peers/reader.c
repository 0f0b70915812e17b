/* The reading side of benchmarks/fanout.py: many WebSocket clients in one epoll loop that counts frames.
 *
 * usage: reader <port> <path> <connections>      (127.0.0.1 only)
 * Prints "ready", then answers each line of standard input with one line:
 *   quiet            read until nothing has come for 300 ms             -> "quiet"
 *   expect <frames>  read until so many frames have come, at most 30 s  -> "<frames> <bytes>"
 * Frames are counted by their headers, so that a server may join several in one write.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct client {
    int fd;
    uint64_t body;         /* bytes of the current frame still to come */
    unsigned char head[4]; /* a header cut off by the end of a read */
    int head_length;
};

static char buffer[256 * 1024];
static uint64_t frames, bytes;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void count(struct client *client, const unsigned char *data, size_t length) {
    bytes += length;
    while (length > 0) {
        if (client->body > 0) {
            size_t taken = client->body < length ? client->body : length;
            client->body -= taken, data += taken, length -= taken;
            continue;
        }
        client->head[client->head_length++] = *data++, length--;
        if (client->head_length < 2) continue;
        unsigned size = client->head[1] & 127;
        if (size == 127) fprintf(stderr, "a frame is larger than 65535 bytes\n"), exit(1);
        if (size == 126 && client->head_length < 4) continue;
        client->body = size == 126 ? (uint64_t)client->head[2] << 8 | client->head[3] : size;
        client->head_length = 0;
        frames++;
    }
}

static void connect_client(struct client *client, int port, const char *path) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (client->fd < 0) fail("socket");
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    int length = snprintf(buffer, sizeof buffer,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          path, port);
    if (write(client->fd, buffer, length) != length) fail("write");
    size_t have = 0;
    char *end = NULL;
    while (end == NULL) {
        ssize_t got = read(client->fd, buffer + have, sizeof buffer - 1 - have);
        if (got <= 0) fail("handshake");
        have += got, buffer[have] = 0;
        end = memmem(buffer, have, "\r\n\r\n", 4);
    }
    if (strncmp(buffer, "HTTP/1.1 101", 12)) fprintf(stderr, "%.200s\n", buffer), exit(1);
    count(client, (unsigned char *)end + 4, have - (end + 4 - buffer));
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
}

/* Reads until `target` frames have come or nothing has for `idle_ms`. */
static void read_until(int epoll, uint64_t target, int idle_ms) {
    struct epoll_event events[512];
    while (frames < target) {
        int ready = epoll_wait(epoll, events, 512, idle_ms);
        if (ready == 0) return;
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            ssize_t got = read(client->fd, buffer, sizeof buffer);
            if (got > 0) count(client, (unsigned char *)buffer, got);
            else if (got == 0 || errno != EAGAIN) fprintf(stderr, "a connection was lost\n"), exit(1);
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: reader <port> <path> <connections>\n"), 2;
    int connections = atoi(argv[3]), epoll = epoll_create1(0);
    struct client *clients = calloc(connections, sizeof *clients);
    for (int i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
        connect_client(&clients[i], atoi(argv[1]), argv[2]);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].fd, &event)) fail("epoll_ctl");
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        frames = bytes = 0;
        if (!strncmp(line, "expect ", 7)) {
            read_until(epoll, strtoull(line + 7, NULL, 10), 30000);
            printf("%llu %llu\n", (unsigned long long)frames, (unsigned long long)bytes);
        } else {
            read_until(epoll, UINT64_MAX, 300);
            puts("quiet");
        }
    }
    return 0;
}
