// SPDX-License-Identifier: Apache-2.0
// The bench's zero: a server on libuv that does nothing but count the commands of a pipelined stream and send as many
// copies of one reply. What it costs is what kernel, libuv and the protocol cost anybody; what a real server costs
// beyond it is the server's own.
//
//   ConstantReply PORT status | integer | bulk SIZE | array COUNT SIZE
//
// It listens on the loopback interface until a signal ends it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { read_max = 65536, block_wanted = 65536, buffers_max = 256 };

/// Copies of the reply, back to back, so that a pipeline leaves in few pieces.
static char *block;
static size_t reply_size;
static size_t block_replies;
/// Every read goes here: nothing of it outlives the callback but a few counts.
static char input[read_max];

/// One client, and where in a command its stream stands.
struct client {
    uv_tcp_t tcp;
    size_t skip;       ///< bytes of the current argument that are still to come, with its line end
    size_t arguments;  ///< arguments of the current command that are still to come
    size_t number;     ///< what the current header line says so far
    char mark;         ///< the first byte of the current header line; 0 before it
};

/// What the socket did not take at once. All of it points into the block, which stays.
struct rest {
    uv_write_t request;
    size_t count;
    uv_buf_t buffers[];
};

static void closed(uv_handle_t *handle) { free(handle->data); }

static void hang_up(struct client *client) {
    if (!uv_is_closing((uv_handle_t *)&client->tcp)) uv_close((uv_handle_t *)&client->tcp, closed);
}

/// The number of commands that end within `bytes`.
static size_t count_commands(struct client *client, const char *bytes, size_t size) {
    size_t commands = 0, at = 0;
    while (at < size) {
        if (client->skip > 0) {
            size_t step = size - at < client->skip ? size - at : client->skip;
            at += step;
            client->skip -= step;
            if (client->skip == 0 && --client->arguments == 0) commands++;
            continue;
        }
        char byte = bytes[at++];
        if (client->mark == 0) {
            client->mark = byte;
            client->number = 0;
        } else if (byte >= '0' && byte <= '9') {
            client->number = client->number * 10 + (size_t)(byte - '0');
        } else if (byte == '\n') {
            if (client->mark == '*') client->arguments = client->number;
            if (client->mark == '$') client->skip = client->number + 2;
            client->mark = 0;
        }
    }
    return commands;
}

static void written(uv_write_t *request, int status) {
    struct client *client = request->handle->data;
    free(request->data);
    if (status < 0) hang_up(client);
}

/// Sends `replies` copies: at least one, and at most as many as fit the buffers of one call.
static int send_some(struct client *client, size_t replies) {
    uv_buf_t buffers[buffers_max];
    unsigned count = 0;
    do {
        size_t step = replies < block_replies ? replies : block_replies;
        buffers[count++] = uv_buf_init(block, (unsigned)(step * reply_size));
        replies -= step;
    } while (replies > 0);
    uv_stream_t *stream = (uv_stream_t *)&client->tcp;
    int sent = uv_try_write(stream, buffers, count);
    if (sent < 0 && sent != UV_EAGAIN) return sent;
    size_t gone = sent < 0 ? 0 : (size_t)sent;
    unsigned first = 0;
    while (first < count && gone >= buffers[first].len) gone -= buffers[first++].len;
    if (first == count) return 0;
    buffers[first].base += gone;
    buffers[first].len -= gone;
    struct rest *rest = malloc(sizeof *rest + (count - first) * sizeof(uv_buf_t));
    if (rest == NULL) return UV_ENOMEM;
    rest->count = count - first;
    memcpy(rest->buffers, buffers + first, rest->count * sizeof(uv_buf_t));
    rest->request.data = rest;
    return uv_write(&rest->request, stream, rest->buffers, (unsigned)rest->count, written);
}

static void lend(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
    (void)handle;
    (void)wanted;
    *buffer = uv_buf_init(input, read_max);
}

static void have_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    struct client *client = stream->data;
    if (size < 0) return hang_up(client);
    size_t commands = count_commands(client, buffer->base, (size_t)size);
    while (commands > 0) {
        size_t most = buffers_max * block_replies;
        size_t step = commands < most ? commands : most;
        if (send_some(client, step) < 0) return hang_up(client);
        commands -= step;
    }
}

static void have_client(uv_stream_t *listener, int status) {
    if (status < 0) return;
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL) abort();
    uv_tcp_init(listener->loop, &client->tcp);
    client->tcp.data = client;
    if (uv_accept(listener, (uv_stream_t *)&client->tcp) < 0) return hang_up(client);
    uv_tcp_nodelay(&client->tcp, 1);
    uv_read_start((uv_stream_t *)&client->tcp, lend, have_read);
}

/// Fills the block with copies of the reply that the arguments describe.
static int make_block(int count, char **words) {
    size_t elements = 0, size = 0;
    const char *line = NULL;
    if (count == 1 && strcmp(words[0], "status") == 0) line = "+OK\r\n";
    if (count == 1 && strcmp(words[0], "integer") == 0) line = ":1\r\n";
    if (count == 2 && strcmp(words[0], "bulk") == 0) size = strtoul(words[1], NULL, 10);
    if (count == 3 && strcmp(words[0], "array") == 0) {
        elements = strtoul(words[1], NULL, 10);
        size = strtoul(words[2], NULL, 10);
    }
    if (line == NULL && size == 0) return -1;
    size_t copies = elements > 0 ? elements : 1;
    char *reply = malloc(64 + copies * (size + 32));
    if (reply == NULL) return -1;
    char *end = reply;
    if (elements > 0) end += sprintf(end, "*%zu\r\n", elements);
    if (line != NULL) {
        end += sprintf(end, "%s", line);
    } else {
        for (size_t index = 0; index < copies; index++) {
            end += sprintf(end, "$%zu\r\n", size);
            memset(end, 'x', size);
            end += size;
            end += sprintf(end, "\r\n");
        }
    }
    reply_size = (size_t)(end - reply);
    block_replies = reply_size < block_wanted ? block_wanted / reply_size : 1;
    block = malloc(block_replies * reply_size);
    if (block == NULL) return -1;
    for (size_t index = 0; index < block_replies; index++) memcpy(block + index * reply_size, reply, reply_size);
    free(reply);
    return 0;
}

int main(int count, char **words) {
    if (count < 3 || make_block(count - 2, words + 2) < 0) {
        fprintf(stderr, "usage: ConstantReply PORT status | integer | bulk SIZE | array COUNT SIZE\n");
        return 2;
    }
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    struct sockaddr_in address;
    uv_tcp_init(loop, &listener);
    uv_ip4_addr("127.0.0.1", atoi(words[1]), &address);
    int code = uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
    if (code == 0) code = uv_listen((uv_stream_t *)&listener, 511, have_client);
    if (code < 0) {
        fprintf(stderr, "cannot listen on port %s: %s\n", words[1], uv_strerror(code));
        return 1;
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}
