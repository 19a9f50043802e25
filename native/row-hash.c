/*
 * row_hash with the processor's own SHA-256 instructions, as a scalar function of DuckDB:
 *
 *   assay_row_hash(VARCHAR, …) → VARCHAR
 *
 * gives the same 64 lower-case hex digits as sha256() of the text that etl/contract/raw-record.ts puts together: the
 * values joined by NUL, a value as '=' and its text, NULL as nothing, NULs at the end dropped.
 *
 * It is an extension by DuckDB's C interface and needs neither DuckDB's headers nor Node's: what it calls is looked up
 * in the library that loads it. Where the processor has no such instructions, loading fails and says so.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <dlfcn.h>
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef void *handle;
typedef uint64_t idx;

struct access {
  void (*set_error)(handle info, const char *error);
  handle *(*get_database)(handle info);
  const void *(*get_api)(handle info, const char *version);
};

/* DuckDB's text: up to 12 bytes in place, more behind a pointer. */
struct text {
  uint32_t length;
  union {
    char inlined[12];
    struct {
      char prefix[4];
      const char *bytes;
    } __attribute__((packed)) apart;
  };
};

enum { VARCHAR = 17 };

static struct {
  int (*connect)(handle, handle *);
  void (*disconnect)(handle *);
  handle (*create_logical_type)(int);
  void (*destroy_logical_type)(handle *);
  handle (*create_scalar_function)(void);
  void (*destroy_scalar_function)(handle *);
  void (*set_name)(handle, const char *);
  void (*set_varargs)(handle, handle);
  void (*set_return_type)(handle, handle);
  void (*set_special_handling)(handle);
  void (*set_function)(handle, void (*)(handle, handle, handle));
  int (*register_scalar_function)(handle, handle);
  void (*function_error)(handle, const char *);
  idx (*chunk_size)(handle);
  idx (*chunk_columns)(handle);
  handle (*chunk_vector)(handle, idx);
  void *(*vector_data)(handle);
  uint64_t *(*vector_validity)(handle);
  void (*assign_text)(handle, idx, const char *, idx);
} duckdb;

static const uint32_t K[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define LANES 2

/* The state as the instructions want it: words A, B, E, F and C, D, G, H. */
struct state {
  __m128i abef, cdgh;
};

static const struct {
  uint32_t abef[4], cdgh[4];
} START = {{0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667}, {0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372}};

/* Takes `blocks` blocks of 64 bytes into each of `lanes` states, side by side: one alone leaves the processor waiting. */
__attribute__((target("sha,sse4.1,ssse3"), always_inline)) static inline void
digest_blocks(struct state *states, const uint8_t *const *texts, idx blocks, const int lanes) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i abef[LANES], cdgh[LANES];
  for (int n = 0; n < lanes; n++) abef[n] = states[n].abef, cdgh[n] = states[n].cdgh;
  for (idx block = 0; block < blocks; block++) {
    __m128i words[LANES][4], abef_before[LANES], cdgh_before[LANES];
    for (int n = 0; n < lanes; n++) {
      abef_before[n] = abef[n], cdgh_before[n] = cdgh[n];
      for (int w = 0; w < 4; w++)
        words[n][w] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(texts[n] + 64 * block + 16 * w)), swap);
    }
#pragma GCC unroll 16
    for (int round = 0; round < 16; round++) {
      const __m128i k = _mm_load_si128((const __m128i *)(K + 4 * round));
      for (int n = 0; n < lanes; n++) {
        __m128i *const word = words[n];
        if (round >= 4) {
          const __m128i last = word[(round + 3) & 3];
          const __m128i mixed = _mm_add_epi32(_mm_sha256msg1_epu32(word[round & 3], word[(round + 1) & 3]),
                                              _mm_alignr_epi8(last, word[(round + 2) & 3], 4));
          word[round & 3] = _mm_sha256msg2_epu32(mixed, last);
        }
        const __m128i sum = _mm_add_epi32(word[round & 3], k);
        cdgh[n] = _mm_sha256rnds2_epu32(cdgh[n], abef[n], sum);
        abef[n] = _mm_sha256rnds2_epu32(abef[n], cdgh[n], _mm_shuffle_epi32(sum, 0x0e));
      }
    }
    for (int n = 0; n < lanes; n++) {
      abef[n] = _mm_add_epi32(abef[n], abef_before[n]);
      cdgh[n] = _mm_add_epi32(cdgh[n], cdgh_before[n]);
    }
  }
  for (int n = 0; n < lanes; n++) states[n].abef = abef[n], states[n].cdgh = cdgh[n];
}

/* 16 bytes as 32 hex digits. */
__attribute__((target("ssse3,sse4.1"))) static void write_hex(__m128i bytes, char *out) {
  const __m128i digits =
      _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
  const __m128i low = _mm_and_si128(bytes, _mm_set1_epi8(15));
  const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15));
  _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(digits, _mm_unpacklo_epi8(high, low)));
  _mm_storeu_si128((__m128i *)(out + 16), _mm_shuffle_epi8(digits, _mm_unpackhi_epi8(high, low)));
}

/* The digest of a finished state as 64 hex digits. */
__attribute__((target("ssse3,sse4.1"))) static void write_digest(const struct state *state, char *out) {
  const __m128i swap = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  /* From the highest word down: A, B, E, F and C, D, G, H. */
  const __m128i abef = _mm_shuffle_epi32(state->abef, 0x1b), cdgh = _mm_shuffle_epi32(state->cdgh, 0x1b);
  write_hex(_mm_shuffle_epi8(_mm_unpacklo_epi64(abef, cdgh), swap), out);
  write_hex(_mm_shuffle_epi8(_mm_unpackhi_epi64(abef, cdgh), swap), out + 32);
}

static inline bool is_valid(const uint64_t *validity, idx row) {
  return validity == NULL || (validity[row >> 6] >> (row & 63) & 1);
}

static inline const char *bytes_of(const struct text *text) {
  return text->length <= sizeof text->inlined ? text->inlined : text->apart.bytes;
}

/* A column of the chunk. */
struct column {
  const struct text *texts;
  const uint64_t *validity;
};

/* A row's text, padded to whole blocks as SHA-256 wants it: in `small` as long as it fits. */
struct message {
  uint8_t small[1024];
  uint8_t *bytes;
  idx blocks;
};

static bool fill(struct message *message, const struct column *columns, idx count, idx row) {
  idx room = count + 72;
  for (idx n = 0; n < count; n++)
    if (is_valid(columns[n].validity, row)) room += 1 + (idx)columns[n].texts[row].length;
  message->bytes = room <= sizeof message->small ? message->small : malloc(room + 64);
  if (message->bytes == NULL) return false;
  uint8_t *at = message->bytes;
  for (idx n = 0; n < count; n++) {
    if (n > 0) *at++ = 0;
    if (!is_valid(columns[n].validity, row)) continue;
    const struct text *text = &columns[n].texts[row];
    *at++ = '=';
    memcpy(at, bytes_of(text), text->length);
    at += text->length;
  }
  while (at > message->bytes && at[-1] == 0) at--;
  const idx length = (idx)(at - message->bytes);
  message->blocks = (length + 9 + 63) / 64;
  uint8_t *const end = message->bytes + message->blocks * 64;
  *at++ = 0x80;
  memset(at, 0, (size_t)(end - at));
  for (int n = 0; n < 8; n++) end[-1 - n] = (uint8_t)(length * 8 >> 8 * n);
  return true;
}

static void release(struct message *message) {
  if (message->bytes != message->small) free(message->bytes);
}

__attribute__((target("sha,sse4.1,ssse3"))) static void
write_digests(struct message *messages, idx lanes, handle output, idx row) {
  struct state states[LANES];
  const uint8_t *texts[LANES];
  for (idx n = 0; n < lanes; n++) {
    states[n].abef = _mm_loadu_si128((const __m128i *)START.abef);
    states[n].cdgh = _mm_loadu_si128((const __m128i *)START.cdgh);
    texts[n] = messages[n].bytes;
  }
  if (lanes == 2 && messages[0].blocks == messages[1].blocks) digest_blocks(states, texts, messages[0].blocks, 2);
  else
    for (idx n = 0; n < lanes; n++) digest_blocks(states + n, texts + n, messages[n].blocks, 1);
  for (idx n = 0; n < lanes; n++) {
    char digest[64];
    write_digest(states + n, digest);
    duckdb.assign_text(output, row + n, digest, sizeof digest);
  }
}

/* The function: one digest a row, never NULL. */
static void row_hashes(handle info, handle chunk, handle output) {
  const idx rows = duckdb.chunk_size(chunk), count = duckdb.chunk_columns(chunk);
  struct column *const columns = malloc((count + 1) * sizeof *columns);
  if (columns == NULL) return duckdb.function_error(info, "assay_row_hash: out of memory");
  for (idx n = 0; n < count; n++) {
    const handle vector = duckdb.chunk_vector(chunk, n);
    columns[n] = (struct column){duckdb.vector_data(vector), duckdb.vector_validity(vector)};
  }
  struct message messages[LANES];
  for (idx row = 0; row < rows; row += LANES) {
    const idx lanes = rows - row < LANES ? rows - row : LANES;
    idx filled = 0;
    while (filled < lanes && fill(&messages[filled], columns, count, row + filled)) filled++;
    if (filled == lanes) write_digests(messages, lanes, output, row);
    for (idx n = 0; n < filled; n++) release(&messages[n]);
    if (filled < lanes) {
      duckdb.function_error(info, "assay_row_hash: out of memory");
      break;
    }
  }
  free(columns);
}

static bool has_instructions(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3)) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/* Looks up what is called, in the library that loads this one. */
static bool look_up(struct access *access) {
  Dl_info where;
  if (dladdr(*(void **)&access->get_api, &where) == 0) return false;
  void *const library = dlopen(where.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (library == NULL) return false;
  const struct {
    void *to;
    const char *name;
  } wanted[] = {
      {&duckdb.connect, "duckdb_connect"},
      {&duckdb.disconnect, "duckdb_disconnect"},
      {&duckdb.create_logical_type, "duckdb_create_logical_type"},
      {&duckdb.destroy_logical_type, "duckdb_destroy_logical_type"},
      {&duckdb.create_scalar_function, "duckdb_create_scalar_function"},
      {&duckdb.destroy_scalar_function, "duckdb_destroy_scalar_function"},
      {&duckdb.set_name, "duckdb_scalar_function_set_name"},
      {&duckdb.set_varargs, "duckdb_scalar_function_set_varargs"},
      {&duckdb.set_return_type, "duckdb_scalar_function_set_return_type"},
      {&duckdb.set_special_handling, "duckdb_scalar_function_set_special_handling"},
      {&duckdb.set_function, "duckdb_scalar_function_set_function"},
      {&duckdb.register_scalar_function, "duckdb_register_scalar_function"},
      {&duckdb.function_error, "duckdb_scalar_function_set_error"},
      {&duckdb.chunk_size, "duckdb_data_chunk_get_size"},
      {&duckdb.chunk_columns, "duckdb_data_chunk_get_column_count"},
      {&duckdb.chunk_vector, "duckdb_data_chunk_get_vector"},
      {&duckdb.vector_data, "duckdb_vector_get_data"},
      {&duckdb.vector_validity, "duckdb_vector_get_validity"},
      {&duckdb.assign_text, "duckdb_vector_assign_string_element_len"},
  };
  bool found = true;
  for (size_t n = 0; n < sizeof wanted / sizeof *wanted; n++) {
    void *const symbol = dlsym(library, wanted[n].name);
    memcpy(wanted[n].to, &symbol, sizeof symbol);
    found = found && symbol != NULL;
  }
  dlclose(library);
  return found;
}

static bool register_function(handle connection) {
  handle type = duckdb.create_logical_type(VARCHAR);
  handle function = duckdb.create_scalar_function();
  duckdb.set_name(function, "assay_row_hash");
  duckdb.set_varargs(function, type);
  duckdb.set_return_type(function, type);
  /* NULLs are a part of the text. */
  duckdb.set_special_handling(function);
  duckdb.set_function(function, row_hashes);
  const bool done = duckdb.register_scalar_function(connection, function) == 0;
  duckdb.destroy_scalar_function(&function);
  duckdb.destroy_logical_type(&type);
  return done;
}

/* Called by DuckDB's LOAD; the name follows from the file's. */
__attribute__((visibility("default"))) bool assay_hash_init_c_api(handle info, struct access *access) {
  if (!has_instructions()) {
    access->set_error(info, "this processor has no SHA-256 instructions");
    return false;
  }
  handle connection;
  if (!look_up(access) || duckdb.connect(*access->get_database(info), &connection) != 0) {
    access->set_error(info, "this DuckDB lacks a function that is needed");
    return false;
  }
  const bool done = register_function(connection);
  duckdb.disconnect(&connection);
  if (!done) access->set_error(info, "DuckDB takes no function of this name");
  return done;
}
