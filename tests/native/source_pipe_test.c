/*
 * source_pipe_test.c - pipes of Windows that were opened for overlapped I/O.
 */
#include "source_fixture.h"

#include <winternl.h>

#include "fixture/each_way.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u
#define NAME "\\\\.\\pipe\\siding-test-%lu-%u"
#define NAME_BYTES 64
#define QUOTA_BYTES 65536u
#define ROUNDS_OF_RACES ROUNDS(400u)

/* ---- pipes ----------------------------------------------------------------------------------- */

struct ends {
    HANDLE here;  /* the server's, overlapped */
    HANDLE there; /* the client's, whose calls block */
};

static HANDLE new_server(char out_name[NAME_BYTES], DWORD access, DWORD mode) {
    static unsigned count;
    (void)snprintf(out_name, NAME_BYTES, NAME, GetCurrentProcessId(), count++);
    HANDLE server = CreateNamedPipeA(out_name, access | FILE_FLAG_OVERLAPPED, mode, 1, QUOTA_BYTES,
                                     QUOTA_BYTES, 0, NULL);
    EXPECT(server != INVALID_HANDLE_VALUE);
    return server;
}

static HANDLE connect_to(const char *name) {
    HANDLE client =
        CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(client != INVALID_HANDLE_VALUE);
    return client;
}

static void open_ends(DWORD mode, struct ends *out_ends) {
    char name[NAME_BYTES];
    out_ends->here = new_server(name, PIPE_ACCESS_DUPLEX, mode);
    out_ends->there = connect_to(name);
}

static void write_text(HANDLE to, const char *text) {
    DWORD written = 0;
    EXPECT(WriteFile(to, text, (DWORD)strlen(text), &written, NULL));
    EXPECT_EQ(written, strlen(text));
}

/* With an event of its own. @return what it has read; 0: it failed, or nothing came */
static DWORD read_here(HANDLE here, char *out_bytes, DWORD size_bytes) {
    OVERLAPPED overlapped = {.hEvent = new_event(true)};
    DWORD got_bytes = 0;
    (void)ReadFile(here, out_bytes, size_bytes, NULL, &overlapped);
    if (WaitForSingleObject(overlapped.hEvent, WAIT_MS_MAX) != WAIT_OBJECT_0) {
        (void)CancelIoEx(here, &overlapped);
    }
    if (!GetOverlappedResult(here, &overlapped, &got_bytes, TRUE)) {
        got_bytes = 0;
    }
    EXPECT(CloseHandle(overlapped.hEvent));
    return got_bytes;
}

/* Nobody has it but the test: so nothing that others have begun goes on at it. */
static void expect_let_go(HANDLE here) {
    PUBLIC_OBJECT_BASIC_INFORMATION information;
    EXPECT(NT_SUCCESS(
        NtQueryObject(here, ObjectBasicInformation, &information, sizeof information, NULL)));
    EXPECT_EQ(information.HandleCount, 1);
}

static void close_ends(const struct ends *ends) {
    expect_let_go(ends->here);
    EXPECT(CloseHandle(ends->here));
    EXPECT(CloseHandle(ends->there));
}

/* ---- sources --------------------------------------------------------------------------------- */

static uint64_t open_readable(HANDLE here, uint32_t credit) {
    return open_ready(&host, TOKEN, number_of(here), SIDING_READY_READ, credit);
}

static struct siding_source_options reader_options(uint32_t kind, HANDLE of, uint32_t limit_bytes,
                                                   uint32_t credit) {
    struct siding_source_options options = plain_options(kind, TOKEN, number_of(of), credit);
    options.limit_bytes = limit_bytes;
    return options;
}

static uint64_t open_reader(uint32_t kind, HANDLE of, uint32_t limit_bytes, uint32_t credit) {
    struct siding_source_options options = reader_options(kind, of, limit_bytes, credit);
    return open_source(&host, &options);
}

static void finish_source(uint64_t source) {
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
}

static void expect_none(void) {
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
}

static bool is_text(const struct siding_event *event, const char *text) {
    if (event == NULL || is_end(event) || event->token != TOKEN) {
        return false;
    }
    const uint64_t *payload = event_payload(event);
    return payload[0] == strlen(text) && memcmp(payload + 1, text, strlen(text)) == 0;
}

static bool next_is(const char *text) {
    return is_text(host_next(&host), text);
}

/* ---- S1 -------------------------------------------------------------------------------------- */

static void tells_bytes(void) {
    struct ends ends;
    char byte = 0;
    REQUIRE(host_open(&host, 64));
    open_ends(PIPE_TYPE_BYTE, &ends);
    uint64_t source = open_readable(ends.here, 1);
    expect_none();
    write_text(ends.there, "x");
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    pull(&host, source, 1);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ); /* nothing was taken */
    EXPECT_EQ(read_here(ends.here, &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
    pull(&host, source, 1);
    expect_none();
    EXPECT(CloseHandle(ends.there));
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ | SIDING_READY_HANGUP);
    pull(&host, source, 1);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ | SIDING_READY_HANGUP);
    finish_source(source);
    expect_let_go(ends.here);
    EXPECT(CloseHandle(ends.here));
    host_close(&host);
}
EACH_WAY("S1: a pipe is readable while there is something to read, and at its end", tells_bytes)

static void tells_client(void) {
    char name[NAME_BYTES];
    REQUIRE(host_open(&host, 64));
    HANDLE here = new_server(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE);
    uint64_t source = open_readable(here, 1);
    expect_none();
    struct ends ends = {here, connect_to(name)};
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    pull(&host, source, 1);
    expect_none();
    write_text(ends.there, "x");
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    finish_source(source);
    close_ends(&ends);
    host_close(&host);
}
EACH_WAY("S1: a pipe that listens is readable when a client has connected", tells_client)

/* ---- S2 -------------------------------------------------------------------------------------- */

static void expect_refused(const struct siding_source_options *options, int32_t status,
                           int32_t wanted) {
    int32_t error = 0;
    EXPECT_EQ(refused(&host, options, &error), status);
    EXPECT_EQ(error, wanted);
}

static void refuses(void) {
    char name[NAME_BYTES];
    REQUIRE(host_open(&host, 64));
    HANDLE duplex = new_server(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE);
    HANDLE outbound = new_server(name, PIPE_ACCESS_OUTBOUND, PIPE_TYPE_BYTE);
    struct siding_source_options options =
        ready_options(TOKEN, number_of(outbound), SIDING_READY_READ, 1);
    expect_refused(&options, SIDING_ESYSTEM, EBADF);
    options = reader_options(SIDING_SOURCE_READ, outbound, 64, 1);
    expect_refused(&options, SIDING_ESYSTEM, EBADF);
    options = ready_options(TOKEN, number_of(duplex), SIDING_READY_WRITE, 1);
    expect_refused(&options, SIDING_ESYSTEM, EINVAL);
    options = reader_options(SIDING_SOURCE_ACCEPT, duplex, 0, 1);
    expect_refused(&options, SIDING_EINVALID, 0);
    options = reader_options(SIDING_SOURCE_RECEIVE, duplex, 64, 1);
    expect_refused(&options, SIDING_EINVALID, 0);
    EXPECT_EQ(stats_now().sources, 0);
    expect_let_go(duplex);
    EXPECT(CloseHandle(duplex));
    EXPECT(CloseHandle(outbound));
    host_close(&host);
}
EACH_WAY("S2: of a pipe, room to write, connections and datagrams are refused", refuses)

/* ---- S12 ------------------------------------------------------------------------------------- */

static void reads_what_there_is(void) {
    char name[NAME_BYTES];
    REQUIRE(host_open(&host, 64));
    HANDLE here = new_server(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE);
    uint64_t source = open_reader(SIDING_SOURCE_READ, here, 4, 16);
    expect_none();
    HANDLE there = connect_to(name);
    expect_none();
    write_text(there, "abcdef");
    EXPECT(next_is("abcd"));
    EXPECT(next_is("ef"));
    write_text(there, "g");
    EXPECT(next_is("g"));
    expect_none();
    write_text(there, "end");
    EXPECT(CloseHandle(there));
    EXPECT(next_is("end"));
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT_EQ(siding_source_close(host.bridge, source), SIDING_ESTALE);
    expect_let_go(here);
    EXPECT(CloseHandle(here));
    host_close(&host);
}
EACH_WAY("S12: a pipe is read from the connection of its client to the end, at most its limit",
         reads_what_there_is)

static void reads_exactly(void) {
    struct ends ends;
    REQUIRE(host_open(&host, 64));
    open_ends(PIPE_TYPE_BYTE, &ends);
    uint64_t source = open_reader(SIDING_SOURCE_EXACT, ends.here, 4, 16);
    for (const char *at = "abcdefgh"; *at != '\0'; at++) {
        write_text(ends.there, (char[]){*at, '\0'});
    }
    EXPECT(next_is("abcd"));
    EXPECT(next_is("efgh"));
    finish_source(source);
    close_ends(&ends);
    host_close(&host);
}
EACH_WAY("S12: exact items are the bytes of a pipe in order, across single ones", reads_exactly)

static void reads_messages(void) {
    struct ends ends;
    REQUIRE(host_open(&host, 64));
    open_ends(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, &ends);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends.here, 8, 16);
    expect_none();
    write_text(ends.there, "one");
    EXPECT(next_is("one"));
    write_text(ends.there, "");
    write_text(ends.there, "two");
    EXPECT(next_is("two"));
    write_text(ends.there, "much too long");
    EXPECT(next_is("much too"));
    EXPECT(next_is(" long"));
    finish_source(source);
    close_ends(&ends);
    host_close(&host);
}
EACH_WAY("S12: long messages come in parts, and one without bytes is no end", reads_messages)

static void reads_on_after_cancel(void) {
    struct ends ends;
    REQUIRE(host_open(&host, 64));
    open_ends(PIPE_TYPE_BYTE, &ends);
    uint64_t readable = open_readable(ends.here, 1);
    expect_none();
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT(CancelIoEx(ends.here, NULL)); /* as the end of the thread does that has begun it */
        expect_none();
    }
    write_text(ends.there, "x");
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    finish_source(readable);
    close_ends(&ends);
    host_close(&host);
}
EACH_WAY("S12: a wait that the owner of the pipe cancels goes on", reads_on_after_cancel)

static void keeps_ports_quiet(void) {
    struct ends ends;
    OVERLAPPED_ENTRY entry;
    ULONG count = 0;
    REQUIRE(host_open(&host, 64));
    open_ends(PIPE_TYPE_BYTE, &ends);
    HANDLE port = CreateIoCompletionPort(ends.here, NULL, 1, 1);
    REQUIRE(port != NULL);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends.here, 64, 16);
    expect_none();
    write_text(ends.there, "text");
    EXPECT(next_is("text"));
    finish_source(source);
    EXPECT(!GetQueuedCompletionStatusEx(port, &entry, 1, &count, 0, FALSE));
    EXPECT(CloseHandle(port));
    close_ends(&ends);
    host_close(&host);
}
EACH_WAY("S12: a port that the owner has told of his pipe hears of nothing", keeps_ports_quiet)

/* ---- S5, S14 --------------------------------------------------------------------------------- */

static void reads_what_is_asked_for(void) {
    struct ends ends;
    char bytes[8];
    DWORD peeked = 0;
    REQUIRE(host_open(&host, 64));
    open_ends(PIPE_TYPE_BYTE, &ends);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends.here, 64, 0);
    write_text(ends.there, "kept");
    expect_none();
    EXPECT(PeekNamedPipe(ends.here, bytes, sizeof bytes, &peeked, NULL, NULL));
    EXPECT_EQ(peeked, 4);
    pull(&host, source, 1);
    EXPECT(next_is("kept"));
    write_text(ends.there, "later");
    expect_none();
    pull(&host, source, 1);
    EXPECT(next_is("later"));
    finish_source(source);
    close_ends(&ends);
    host_close(&host);
}
EACH_WAY("S14: without credit nothing of a pipe is read, and nothing is lost",
         reads_what_is_asked_for)

/* Writes a byte for each round, as soon as that begins. */
struct writer {
    HANDLE to;
    HANDLE begins;
};

static DWORD WINAPI run_writer(void *argument) {
    const struct writer *writer = argument;
    DWORD written;
    for (uint32_t round = 0; round < ROUNDS_OF_RACES; round++) {
        WaitForSingleObject(writer->begins, INFINITE);
        WriteFile(writer->to, "x", 1, &written, NULL);
    }
    return 0;
}

/* A pipe of its own for each kind of source: what is readable was not taken. */
static void leaves_nothing(void) {
    struct ends ends;
    REQUIRE(host_open(&host, 64));
    uint64_t seed = print_seed();
    open_ends(PIPE_TYPE_BYTE, &ends);
    struct writer writer = {ends.there, new_event(false)};
    HANDLE thread = CreateThread(NULL, 0, run_writer, &writer, 0, NULL);
    REQUIRE(thread != NULL);
    uint32_t told = 0;
    for (uint32_t round = 0; round < ROUNDS_OF_RACES; round++) {
        uint64_t source = open_readable(ends.here, 1);
        EXPECT(SetEvent(writer.begins));
        spin_for(random_below(&seed, 2000000));
        (void)has_none(&host); /* what was drained is the host's */
        close_source(&host, source);
        const struct siding_event *event = host_next(&host);
        bool is_told = event != NULL && !is_end(event);
        told += is_told;
        event = is_told ? host_next(&host) : event;
        EXPECT(event != NULL && is_end(event));
        expect_let_go(ends.here);
        char byte = 0;
        EXPECT_EQ(read_here(ends.here, &byte, 1), 1);
        EXPECT_EQ(byte, 'x');
    }
    printf("     told %u times of %u\n", told, ROUNDS_OF_RACES);
    EXPECT_EQ(WaitForSingleObject(thread, WAIT_MS_MAX), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
    EXPECT(CloseHandle(writer.begins));
    close_ends(&ends);
    host_close(&host);
}
EACH_WAY("S5: when a source has ended nothing goes on at its pipe, and nothing was taken",
         leaves_nothing)

static void ends_reading(void) {
    struct ends ends;
    REQUIRE(host_open(&host, 64));
    open_ends(PIPE_TYPE_BYTE, &ends);
    for (uint32_t round = 0; round < ROUNDS_OF_RACES; round++) {
        finish_source(open_reader(SIDING_SOURCE_READ, ends.here, 64, 1));
        expect_let_go(ends.here);
        write_text(ends.there, "x");
        char byte = 0;
        EXPECT_EQ(read_here(ends.here, &byte, 1), 1);
    }
    close_ends(&ends);
    host_close(&host);
}
EACH_WAY("S5: a reader that has ended reads nothing more", ends_reading)

static void outlives_handle(void) {
    struct ends ends;
    REQUIRE(host_open(&host, 64));
    open_ends(PIPE_TYPE_BYTE, &ends);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends.here, 64, 16);
    expect_none();
    EXPECT(CloseHandle(ends.here));
    write_text(ends.there, "still read");
    EXPECT(next_is("still read"));
    finish_source(source);
    DWORD written = 0;
    EXPECT(!WriteFile(ends.there, "x", 1, &written, NULL)); /* it was the last one who had it */
    EXPECT(CloseHandle(ends.there));
    host_close(&host);
}
EACH_WAY("S4: a source reads its pipe, whatever becomes of the handle's value", outlives_handle)
