/* The limit of benchmarks/fanout.py: one prebuilt frame, one send() per socket, nothing else.
 *
 * usage: loop <payload bytes>
 * Prints its port. "send" on standard input sends the frame to every socket and answers "done".
 * The handshake is not checked: the reader is ours.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CLIENTS = 20000 };
static int clients[MAX_CLIENTS], connected;
static const char ANSWER[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void accept_client(int listener) {
    char request[4096];
    int one = 1, fd = accept(listener, NULL, NULL);
    if (fd < 0 || connected == MAX_CLIENTS) fail("accept");
    if (read(fd, request, sizeof request) <= 0) fail("read");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (write(fd, ANSWER, sizeof ANSWER - 1) < 0) fail("write");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    clients[connected++] = fd;
}

static void send_all(int fd, const char *data, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent >= 0) data += sent, length -= sent;
        else if (errno != EAGAIN) fail("send");
        else poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
    }
}

int main(int argc, char **argv) {
    size_t size = argc == 2 ? strtoul(argv[1], NULL, 10) : 0, head = size < 126 ? 2 : 4;
    if (size < 1 || size > 65535) return fprintf(stderr, "usage: loop <payload bytes, 1 to 65535>\n"), 2;
    char *frame = malloc(head + size);
    memset(frame, 'x', head + size);
    frame[0] = (char)0x81, frame[1] = size < 126 ? (char)size : 126;
    if (head == 4) frame[2] = (char)(size >> 8), frame[3] = (char)size;

    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096)) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%d\n", ntohs(address.sin_port));

    struct epoll_event on_listener = {.events = EPOLLIN, .data.fd = listener}, on_input = {.events = EPOLLIN}, event;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &on_listener);
    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &on_input);
    char line[64];
    while (epoll_wait(epoll, &event, 1, -1) >= 0) {
        if (event.data.fd == listener) {
            accept_client(listener);
            continue;
        }
        ssize_t got = read(STDIN_FILENO, line, sizeof line);
        if (got <= 0) return 0;
        for (int i = 0; i < connected; i++) send_all(clients[i], frame, head + size);
        puts("done");
    }
    return 0;
}
