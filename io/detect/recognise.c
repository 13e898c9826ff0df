#include "io/detect/recognise.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What a file of each kind is called, and the command that makes text of it. In a command `%` stands for the file and
 * `@` for its name without the ending. */
static const struct {
  const char *name, *command;
} KINDS[N_KINDS] = {
    [KIND_HDF5] = {"an HDF5 file", NULL},
    [KIND_GZIP] = {"a gzip file", "gunzip %"},
    [KIND_BZIP2] = {"a bzip2 file", "bunzip2 %"},
    [KIND_XZ] = {"an xz file", "unxz %"},
    [KIND_ZSTD] = {"a zstd file", "unzstd %"},
    [KIND_ZIP] = {"a zip archive", "unzip %"},
    [KIND_NPZ] = {"a NumPy archive (.npz)", "python3 -c 'import scipy.sparse, scipy.io; scipy.io.mmwrite(\"@.mtx\", "
                                            "scipy.sparse.load_npz(\"%\"))'"},
    [KIND_TAR] = {"a tar archive", "tar -xvf %"},
    [KIND_LZ4] = {"an lz4 file", "lz4 -d % @"},
    [KIND_LZMA] = {"an lzma file", "unlzma %"},
    [KIND_LZIP] = {"an lzip file", "lzip -d %"},
    [KIND_COMPRESS] = {"a file of compress (.Z)", "uncompress %"},
    [KIND_SNAPPY] = {"a snappy file", "python3 -m snappy -d % @"},
    [KIND_7Z] = {"a 7z archive", "7z x %"},
    [KIND_RAR] = {"a rar archive", "unrar x %"},
    [KIND_PARQUET] = {"a Parquet file",
                      "python3 -c 'import pandas; pandas.read_parquet(\"%\").to_csv(\"@.csv\", index=False)'"},
    [KIND_ARROW] = {"an Arrow (Feather) file",
                    "python3 -c 'import pandas; pandas.read_feather(\"%\").to_csv(\"@.csv\", index=False)'"},
    [KIND_ARROW_STREAM] = {"a stream of Arrow records",
                           "python3 -c 'import pyarrow; pyarrow.ipc.open_stream(\"%\").read_pandas()"
                           ".to_csv(\"@.csv\", index=False)'"},
    [KIND_ORC] = {"an ORC file", "python3 -c 'import pandas; pandas.read_orc(\"%\").to_csv(\"@.csv\", index=False)'"},
    [KIND_AVRO] = {"an Avro file", "python3 -c 'import fastavro, pandas; pandas.DataFrame(fastavro.reader(open(\"%\", "
                                   "\"rb\"))).to_csv(\"@.csv\", index=False)'"},
    [KIND_SQLITE] = {"an SQLite database", "sqlite3 -header -csv % 'SELECT * FROM TABLE' >@.csv"},
    [KIND_XLSX] = {"an Excel workbook",
                   "python3 -c 'import pandas; pandas.read_excel(\"%\").to_csv(\"@.csv\", index=False)'"},
    [KIND_XLSB] = {"a binary Excel workbook", "python3 -c 'import pandas; pandas.read_excel(\"%\", engine=\"pyxlsb\")"
                                              ".to_csv(\"@.csv\", index=False)'"},
    [KIND_XLS] = {"an old Excel workbook or another Office file",
                  "python3 -c 'import pandas; pandas.read_excel(\"%\").to_csv(\"@.csv\", index=False)'"},
    [KIND_ODS] =
        {"an OpenDocument spreadsheet",
         "python3 -c 'import pandas; pandas.read_excel(\"%\", engine=\"odf\").to_csv(\"@.csv\", index=False)'"},
    [KIND_DOCUMENT] = {"an Office document, not a table", NULL},
    [KIND_PICKLE] = {"a Python pickle", "python3 -c 'import pandas; pandas.read_pickle(\"%\").to_csv(\"@.csv\", "
                                        "index=False)' (a pickle runs code: only if you trust who wrote it)"},
    [KIND_NPY] = {"a NumPy array",
                  "python3 -c 'import numpy; numpy.savetxt(\"@.csv\", numpy.load(\"%\"), \"%s\", \",\")'"},
    [KIND_RDS] = {"an R object (.rds)", "Rscript -e 'write.csv(readRDS(\"%\"), \"@.csv\", row.names=FALSE)'"},
    [KIND_RDATA] = {"an R workspace (.RData)", "Rscript -e 'write.csv(get(load(\"%\")), \"@.csv\", row.names=FALSE)'"},
    [KIND_MATLAB] = {"a MATLAB file", "python3 -c 'import scipy.io; print(scipy.io.whosmat(\"%\"))' lists what is in "
                                      "it; scipy.io.mmwrite writes a sparse matrix that palate reads"},
    [KIND_STATA] = {"a Stata file",
                    "python3 -c 'import pandas; pandas.read_stata(\"%\").to_csv(\"@.csv\", index=False)'"},
    [KIND_SPSS] = {"an SPSS file",
                   "python3 -c 'import pandas; pandas.read_spss(\"%\").to_csv(\"@.csv\", index=False)'"},
    [KIND_SAS] = {"a SAS file", "python3 -c 'import pandas; pandas.read_sas(\"%\").to_csv(\"@.csv\", index=False)'"},
    [KIND_UTF16LE] = {"text in UTF-16", "iconv -f UTF-16LE -t UTF-8 % >@.utf8.csv"},
    [KIND_UTF16BE] = {"text in UTF-16", "iconv -f UTF-16BE -t UTF-8 % >@.utf8.csv"},
    [KIND_UTF32LE] = {"text in UTF-32", "iconv -f UTF-32LE -t UTF-8 % >@.utf8.csv"},
    [KIND_UTF32BE] = {"text in UTF-32", "iconv -f UTF-32BE -t UTF-8 % >@.utf8.csv"},
    [KIND_JSON_ARRAY] = {"one JSON array", "jq -c '.[]' % >@.jsonl"},
    [KIND_JSON_DOCUMENT] = {"a JSON document over several lines", "jq -c . % >@.jsonl"},
    [KIND_HTML] = {"an HTML page, perhaps an error or a login in place of the file", "head %"},
    [KIND_XML] = {"an XML file", "python3 -c 'import pandas; pandas.read_xml(\"%\").to_csv(\"@.csv\", index=False)'"},
    [KIND_PDF] = {"a PDF", NULL},
    [KIND_PICTURE] = {"a picture", NULL},
    [KIND_LFS] = {"the pointer to a file that Git LFS keeps elsewhere", "git lfs pull"},
    [KIND_BINARY] = {"a binary file of a kind palate does not know", "file %"},
};

/* What a kind begins with. Where the bytes could begin a text as well, `binary` asks for bytes that no text has. */
static const struct {
  file_kind kind;
  int at, n;
  const char *bytes;
  bool binary;
} MAGIC[] = {
    {KIND_HDF5, 0, 8, "\x89HDF\r\n\x1a\n", false},
    {KIND_GZIP, 0, 2, "\x1f\x8b", false},
    {KIND_BZIP2, 4, 6, "1AY&SY", false},
    {KIND_BZIP2, 4, 6, "\x17rE8P\x90", false}, /* without content */
    {KIND_XZ, 0, 6,
     "\xfd"
     "7zXZ\0",
     false},
    {KIND_ZSTD, 0, 4, "\x28\xb5\x2f\xfd", false},
    {KIND_ZSTD, 0, 4, "\x50\x2a\x4d\x18", false}, /* of pzstd */
    {KIND_ZIP, 0, 4, "PK\x03\x04", false},
    {KIND_ZIP, 0, 4, "PK\x05\x06", false}, /* without a file */
    {KIND_TAR, 257, 5, "ustar", true},
    {KIND_LZ4, 0, 4, "\x04\x22\x4d\x18", false},
    {KIND_LZMA, 0, 3, "\x5d\0\0", false},
    {KIND_LZIP, 0, 5, "LZIP\x01", false},
    {KIND_COMPRESS, 0, 2, "\x1f\x9d", false},
    {KIND_SNAPPY, 0, 10, "\xff\x06\0\0sNaPpY", false},
    {KIND_7Z, 0, 6, "7z\xbc\xaf\x27\x1c", false},
    {KIND_RAR, 0, 6, "Rar!\x1a\x07", false},
    {KIND_PARQUET, 0, 4, "PAR1", true},
    {KIND_PARQUET, 0, 4, "PARE", true}, /* encrypted */
    {KIND_ARROW, 0, 6, "ARROW1", true},
    {KIND_ARROW, 0, 4, "FEA1", true},
    {KIND_ORC, 0, 3, "ORC", true},
    {KIND_AVRO, 0, 4, "Obj\x01", false},
    {KIND_SQLITE, 0, 16, "SQLite format 3\0", false},
    {KIND_XLS, 0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", false},
    {KIND_PICKLE, 0, 2, "\x80\x02", false},
    {KIND_PICKLE, 0, 2, "\x80\x03", false},
    {KIND_PICKLE, 0, 2, "\x80\x04", false},
    {KIND_PICKLE, 0, 2, "\x80\x05", false},
    {KIND_NPY, 0, 6, "\x93NUMPY", false},
    {KIND_RDS, 0, 2, "X\n", true},
    {KIND_RDATA, 0, 5, "RDX2\n", false},
    {KIND_RDATA, 0, 5, "RDX3\n", false},
    {KIND_MATLAB, 0, 10, "MATLAB 5.0", true},
    {KIND_STATA, 0, 11, "<stata_dta>", false},
    {KIND_SPSS, 0, 4, "$FL2", true},
    {KIND_SPSS, 0, 4, "$FL3", true},
    {KIND_SAS, 0, 16, "\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60", false},
    {KIND_UTF32LE, 0, 4, "\xff\xfe\0\0", false},
    {KIND_UTF32BE, 0, 4, "\0\0\xfe\xff", false},
    {KIND_UTF16LE, 0, 2, "\xff\xfe", false},
    {KIND_UTF16BE, 0, 2, "\xfe\xff", false},
    {KIND_PDF, 0, 5, "%PDF-", false},
    {KIND_PICTURE, 0, 8, "\x89PNG\r\n\x1a\n", false},
    {KIND_PICTURE, 0, 3, "\xff\xd8\xff", false},
    {KIND_PICTURE, 0, 4, "GIF8", true},
    {KIND_LFS, 0, 42, "version https://git-lfs.github.com/spec/v1", false},
};

enum { LOOKED_AT = 4096 /* bytes that say whether a file is text */ };

/* Control bytes that no text has. 1, 2, 3 and 28 to 31 separate columns in some exports; 27 colours a terminal. */
static bool is_binary_byte(unsigned char c) {
  return c == 0 || (c >= 4 && c <= 8) || (c >= 14 && c <= 26) || c == 0x7f;
}

static int binary_bytes(const char *bytes, size_t n) {
  int count = 0;
  for (size_t i = 0; i < n && i < LOOKED_AT; i++)
    count += is_binary_byte((unsigned char)bytes[i]);
  return count;
}

/* UTF-16 and UTF-32 without a mark: text of one alphabet has NULs at the same place of each unit. */
static file_kind wide_text(const char *bytes, size_t n) {
  size_t nul[4] = {0}, units = (n < 256 ? n : 256) / 4;
  if (units < 2)
    return KIND_TEXT;
  for (size_t i = 0; i < 4 * units; i++)
    nul[i % 4] += bytes[i] == '\0';
  size_t most = units - units / 8; /* some letters may be of another alphabet */
  if (nul[0] == 0 && nul[1] >= most && nul[2] >= most && nul[3] >= most)
    return KIND_UTF32LE;
  if (nul[3] == 0 && nul[0] >= most && nul[1] >= most && nul[2] >= most)
    return KIND_UTF32BE;
  if (nul[0] + nul[2] == 0 && nul[1] >= most && nul[3] >= most)
    return KIND_UTF16LE;
  if (nul[1] + nul[3] == 0 && nul[0] >= most && nul[2] >= most)
    return KIND_UTF16BE;
  return KIND_TEXT;
}

static bool begins(const char *s, const char *end, const char *word) {
  size_t n = strlen(word);
  return (size_t)(end - s) >= n && strncasecmp(s, word, n) == 0;
}

/* Returns the byte after the JSON array or object at s; NULL if it does not end before `end`. *lines becomes whether it
 * has a line end inside. */
static const char *json_end(const char *s, const char *end, bool *lines) {
  int depth = 0;
  bool text = false;
  *lines = false;
  for (; s < end; s++) {
    *lines |= *s == '\n' || *s == '\r';
    if (text && *s == '\\')
      s++;
    else if (*s == '"')
      text = !text;
    else if (!text && (*s == '{' || *s == '['))
      depth++;
    else if (!text && (*s == '}' || *s == ']') && --depth == 0)
      return s + 1;
  }
  return NULL;
}

/* JSON that is not an object a line, and pages of the web. */
static file_kind markup(const char *bytes, size_t n) {
  const char *s = bytes, *end = bytes + n;
  if (begins(s, end, "\xef\xbb\xbf"))
    s += 3;
  while (s < end && isspace((unsigned char)*s))
    s++;
  if (begins(s, end, "<!doctype html") || begins(s, end, "<html") || begins(s, end, "<head"))
    return KIND_HTML;
  if (begins(s, end, "<?xml"))
    return KIND_XML;
  if (s == end || (*s != '[' && *s != '{'))
    return KIND_TEXT;
  bool lines;
  const char *next = s + 1, *after = json_end(s, end, &lines);
  while (next < end && isspace((unsigned char)*next))
    next++;
  if (*s == '{')
    return (next == end || *next == '"') && lines ? KIND_JSON_DOCUMENT : KIND_TEXT;
  bool value = next < end && (strchr("{[\"]-0123456789", *next) != NULL || begins(next, end, "null") ||
                              begins(next, end, "true") || begins(next, end, "false"));
  while (after != NULL && after < end && (*after == ' ' || *after == '\t'))
    after++;
  bool alone = after == NULL || after == end || *after == '\n' || *after == '\r';
  return value && alone ? KIND_JSON_ARRAY : KIND_TEXT;
}

file_kind recognise(const char *bytes, size_t n) {
  int binary = binary_bytes(bytes, n);
  for (size_t i = 0; i < sizeof MAGIC / sizeof *MAGIC; i++)
    if (n >= (size_t)(MAGIC[i].at + MAGIC[i].n) && (!MAGIC[i].binary || binary > 0) &&
        memcmp(bytes + MAGIC[i].at, MAGIC[i].bytes, (size_t)MAGIC[i].n) == 0)
      return MAGIC[i].kind;
  for (size_t at = 512; at + 8 <= n; at *= 2) /* HDF5 behind a block of somebody else */
    if (memcmp(bytes + at, "\x89HDF\r\n\x1a\n", 8) == 0)
      return KIND_HDF5;
  /* A message of Arrow: a mark, then the length of its metadata. */
  if (n >= 8 && memcmp(bytes, "\xff\xff\xff\xff", 4) == 0 && bytes[6] == 0 && bytes[7] == 0)
    return KIND_ARROW_STREAM;
  file_kind kind = binary > 0 ? wide_text(bytes, n) : markup(bytes, n);
  if (kind != KIND_TEXT)
    return kind;
  size_t looked = n < LOOKED_AT ? n : LOOKED_AT;
  return binary >= 8 && (size_t)binary * 50 >= looked ? KIND_BINARY : KIND_TEXT;
}

static bool ends(const char *name, const char *with) {
  size_t n = strlen(name), m = strlen(with);
  return n >= m && strcasecmp(name + n - m, with) == 0;
}

file_kind recognise_members(const char *const *names, int n) {
  bool office = false, open = false, arrays = n > 0;
  file_kind kind = KIND_DOCUMENT;
  for (int i = 0; i < n; i++) {
    office |= strcmp(names[i], "[Content_Types].xml") == 0;
    open |= strcmp(names[i], "content.xml") == 0;
    arrays &= ends(names[i], ".npy");
    if (strcmp(names[i], "xl/workbook.xml") == 0)
      kind = KIND_XLSX;
    if (strcmp(names[i], "xl/workbook.bin") == 0)
      kind = KIND_XLSB;
  }
  return office ? kind : open ? KIND_ODS : arrays ? KIND_NPZ : KIND_ZIP;
}

/* Whether a shell takes the name as one word and Python takes it within quotes. */
static bool is_plain(const char *name) {
  for (const char *s = name; *s != '\0'; s++)
    if (!isalnum((unsigned char)*s) && strchr("._-+/,:=@", *s) == NULL && (unsigned char)*s < 0x80)
      return false;
  return name[0] != '-' && name[0] != '\0';
}

status recognise_refuse(file_kind kind, const char *name, const char *inside) {
  char command[STATUS_MESSAGE_MAX] = "";
  size_t n = 0;
  const char *file = is_plain(name) ? name : "FILE", *slash = strrchr(file, '/'), *dot = strrchr(file, '.');
  size_t stem = dot != NULL && dot > (slash != NULL ? slash + 1 : file) ? (size_t)(dot - file) : strlen(file);
  const char *form = KINDS[kind].command;
  for (; form != NULL && *form != '\0' && n + strlen(file) + 2 < sizeof command / 2; form++)
    if (*form == '%' && form[1] != 's')
      n += (size_t)sprintf(command + n, "%s", file);
    else if (*form == '@')
      n += (size_t)sprintf(command + n, "%.*s", (int)stem, file);
    else
      command[n++] = *form;
  command[n] = '\0';
  if (inside != NULL)
    return status_fail(BAD_DATA, "%s holds %s inside %s; unpack it first%s", name, KINDS[kind].name, inside,
                       kind == KIND_HDF5 ? ", as palate reads HDF5 only where it is not packed" : "");
  if (n == 0)
    return status_fail(BAD_DATA, "%s is %s; palate reads tables of events as text (CSV, TSV, JSON lines, …) or HDF5",
                       name, KINDS[kind].name);
  return status_fail(BAD_DATA, "%s is %s; convert it first: %s", name, KINDS[kind].name, command);
}
