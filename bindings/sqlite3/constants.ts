/**
 * The constants of sqlite3.h.
 *
 * @module
 */
import type { FunctionPointer } from "../../mod.ts";

/** A function that frees what it gets. */
export type Destructor = { parameters: readonly ["pointer"]; result: "void" };

/** For texts and blobs that stay where they are. */
export const SQLITE_STATIC = null;
/** For texts and blobs that SQLite copies before it returns. */
export const SQLITE_TRANSIENT: FunctionPointer<Destructor> = -1 as FunctionPointer<Destructor>;

/** Type of a value. */
export type Datatype = 1 | 2 | 3 | 4 | 5;

// Result codes
export const SQLITE_OK = 0;
export const SQLITE_ERROR = 1;
export const SQLITE_INTERNAL = 2;
export const SQLITE_PERM = 3;
export const SQLITE_ABORT = 4;
export const SQLITE_BUSY = 5;
export const SQLITE_LOCKED = 6;
export const SQLITE_NOMEM = 7;
export const SQLITE_READONLY = 8;
export const SQLITE_INTERRUPT = 9;
export const SQLITE_IOERR = 10;
export const SQLITE_CORRUPT = 11;
export const SQLITE_NOTFOUND = 12;
export const SQLITE_FULL = 13;
export const SQLITE_CANTOPEN = 14;
export const SQLITE_PROTOCOL = 15;
export const SQLITE_EMPTY = 16;
export const SQLITE_SCHEMA = 17;
export const SQLITE_TOOBIG = 18;
export const SQLITE_CONSTRAINT = 19;
export const SQLITE_MISMATCH = 20;
export const SQLITE_MISUSE = 21;
export const SQLITE_NOLFS = 22;
export const SQLITE_AUTH = 23;
export const SQLITE_FORMAT = 24;
export const SQLITE_RANGE = 25;
export const SQLITE_NOTADB = 26;
export const SQLITE_NOTICE = 27;
export const SQLITE_WARNING = 28;
export const SQLITE_ROW = 100;
export const SQLITE_DONE = 101;

// Extended result codes
export const SQLITE_ERROR_MISSING_COLLSEQ = 257;
export const SQLITE_ERROR_RETRY = 513;
export const SQLITE_ERROR_SNAPSHOT = 769;
export const SQLITE_IOERR_READ = 266;
export const SQLITE_IOERR_SHORT_READ = 522;
export const SQLITE_IOERR_WRITE = 778;
export const SQLITE_IOERR_FSYNC = 1034;
export const SQLITE_IOERR_DIR_FSYNC = 1290;
export const SQLITE_IOERR_TRUNCATE = 1546;
export const SQLITE_IOERR_FSTAT = 1802;
export const SQLITE_IOERR_UNLOCK = 2058;
export const SQLITE_IOERR_RDLOCK = 2314;
export const SQLITE_IOERR_DELETE = 2570;
export const SQLITE_IOERR_BLOCKED = 2826;
export const SQLITE_IOERR_NOMEM = 3082;
export const SQLITE_IOERR_ACCESS = 3338;
export const SQLITE_IOERR_CHECKRESERVEDLOCK = 3594;
export const SQLITE_IOERR_LOCK = 3850;
export const SQLITE_IOERR_CLOSE = 4106;
export const SQLITE_IOERR_DIR_CLOSE = 4362;
export const SQLITE_IOERR_SHMOPEN = 4618;
export const SQLITE_IOERR_SHMSIZE = 4874;
export const SQLITE_IOERR_SHMLOCK = 5130;
export const SQLITE_IOERR_SHMMAP = 5386;
export const SQLITE_IOERR_SEEK = 5642;
export const SQLITE_IOERR_DELETE_NOENT = 5898;
export const SQLITE_IOERR_MMAP = 6154;
export const SQLITE_IOERR_GETTEMPPATH = 6410;
export const SQLITE_IOERR_CONVPATH = 6666;
export const SQLITE_IOERR_VNODE = 6922;
export const SQLITE_IOERR_AUTH = 7178;
export const SQLITE_IOERR_BEGIN_ATOMIC = 7434;
export const SQLITE_IOERR_COMMIT_ATOMIC = 7690;
export const SQLITE_IOERR_ROLLBACK_ATOMIC = 7946;
export const SQLITE_IOERR_DATA = 8202;
export const SQLITE_IOERR_CORRUPTFS = 8458;
export const SQLITE_LOCKED_SHAREDCACHE = 262;
export const SQLITE_LOCKED_VTAB = 518;
export const SQLITE_BUSY_RECOVERY = 261;
export const SQLITE_BUSY_SNAPSHOT = 517;
export const SQLITE_BUSY_TIMEOUT = 773;
export const SQLITE_CANTOPEN_NOTEMPDIR = 270;
export const SQLITE_CANTOPEN_ISDIR = 526;
export const SQLITE_CANTOPEN_FULLPATH = 782;
export const SQLITE_CANTOPEN_CONVPATH = 1038;
export const SQLITE_CANTOPEN_DIRTYWAL = 1294;
export const SQLITE_CANTOPEN_SYMLINK = 1550;
export const SQLITE_CORRUPT_VTAB = 267;
export const SQLITE_CORRUPT_SEQUENCE = 523;
export const SQLITE_CORRUPT_INDEX = 779;
export const SQLITE_READONLY_RECOVERY = 264;
export const SQLITE_READONLY_CANTLOCK = 520;
export const SQLITE_READONLY_ROLLBACK = 776;
export const SQLITE_READONLY_DBMOVED = 1032;
export const SQLITE_READONLY_CANTINIT = 1288;
export const SQLITE_READONLY_DIRECTORY = 1544;
export const SQLITE_ABORT_ROLLBACK = 516;
export const SQLITE_CONSTRAINT_CHECK = 275;
export const SQLITE_CONSTRAINT_COMMITHOOK = 531;
export const SQLITE_CONSTRAINT_FOREIGNKEY = 787;
export const SQLITE_CONSTRAINT_FUNCTION = 1043;
export const SQLITE_CONSTRAINT_NOTNULL = 1299;
export const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
export const SQLITE_CONSTRAINT_TRIGGER = 1811;
export const SQLITE_CONSTRAINT_UNIQUE = 2067;
export const SQLITE_CONSTRAINT_VTAB = 2323;
export const SQLITE_CONSTRAINT_ROWID = 2579;
export const SQLITE_CONSTRAINT_PINNED = 2835;
export const SQLITE_CONSTRAINT_DATATYPE = 3091;
export const SQLITE_NOTICE_RECOVER_WAL = 283;
export const SQLITE_NOTICE_RECOVER_ROLLBACK = 539;
export const SQLITE_WARNING_AUTOINDEX = 284;
export const SQLITE_AUTH_USER = 279;
export const SQLITE_OK_LOAD_PERMANENTLY = 256;
export const SQLITE_OK_SYMLINK = 512;

// Flags of sqlite3_open_v2
export const SQLITE_OPEN_READONLY = 1;
export const SQLITE_OPEN_READWRITE = 2;
export const SQLITE_OPEN_CREATE = 4;
export const SQLITE_OPEN_DELETEONCLOSE = 8;
export const SQLITE_OPEN_EXCLUSIVE = 16;
export const SQLITE_OPEN_AUTOPROXY = 32;
export const SQLITE_OPEN_URI = 64;
export const SQLITE_OPEN_MEMORY = 128;
export const SQLITE_OPEN_MAIN_DB = 256;
export const SQLITE_OPEN_TEMP_DB = 512;
export const SQLITE_OPEN_TRANSIENT_DB = 1024;
export const SQLITE_OPEN_MAIN_JOURNAL = 2048;
export const SQLITE_OPEN_TEMP_JOURNAL = 4096;
export const SQLITE_OPEN_SUBJOURNAL = 8192;
export const SQLITE_OPEN_SUPER_JOURNAL = 16384;
export const SQLITE_OPEN_NOMUTEX = 32768;
export const SQLITE_OPEN_FULLMUTEX = 65536;
export const SQLITE_OPEN_SHAREDCACHE = 131072;
export const SQLITE_OPEN_PRIVATECACHE = 262144;
export const SQLITE_OPEN_WAL = 524288;
export const SQLITE_OPEN_NOFOLLOW = 16777216;
export const SQLITE_OPEN_EXRESCODE = 33554432;
export const SQLITE_OPEN_MASTER_JOURNAL = 16384;

// What a device can do
export const SQLITE_IOCAP_ATOMIC = 1;
export const SQLITE_IOCAP_ATOMIC512 = 2;
export const SQLITE_IOCAP_ATOMIC1K = 4;
export const SQLITE_IOCAP_ATOMIC2K = 8;
export const SQLITE_IOCAP_ATOMIC4K = 16;
export const SQLITE_IOCAP_ATOMIC8K = 32;
export const SQLITE_IOCAP_ATOMIC16K = 64;
export const SQLITE_IOCAP_ATOMIC32K = 128;
export const SQLITE_IOCAP_ATOMIC64K = 256;
export const SQLITE_IOCAP_SAFE_APPEND = 512;
export const SQLITE_IOCAP_SEQUENTIAL = 1024;
export const SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN = 2048;
export const SQLITE_IOCAP_POWERSAFE_OVERWRITE = 4096;
export const SQLITE_IOCAP_IMMUTABLE = 8192;
export const SQLITE_IOCAP_BATCH_ATOMIC = 16384;

// Locks of a file
export const SQLITE_LOCK_NONE = 0;
export const SQLITE_LOCK_SHARED = 1;
export const SQLITE_LOCK_RESERVED = 2;
export const SQLITE_LOCK_PENDING = 3;
export const SQLITE_LOCK_EXCLUSIVE = 4;

// Kinds of sync
export const SQLITE_SYNC_NORMAL = 2;
export const SQLITE_SYNC_FULL = 3;
export const SQLITE_SYNC_DATAONLY = 16;

// Operations of sqlite3_file_control
export const SQLITE_FCNTL_LOCKSTATE = 1;
export const SQLITE_FCNTL_GET_LOCKPROXYFILE = 2;
export const SQLITE_FCNTL_SET_LOCKPROXYFILE = 3;
export const SQLITE_FCNTL_LAST_ERRNO = 4;
export const SQLITE_FCNTL_SIZE_HINT = 5;
export const SQLITE_FCNTL_CHUNK_SIZE = 6;
export const SQLITE_FCNTL_FILE_POINTER = 7;
export const SQLITE_FCNTL_SYNC_OMITTED = 8;
export const SQLITE_FCNTL_WIN32_AV_RETRY = 9;
export const SQLITE_FCNTL_PERSIST_WAL = 10;
export const SQLITE_FCNTL_OVERWRITE = 11;
export const SQLITE_FCNTL_VFSNAME = 12;
export const SQLITE_FCNTL_POWERSAFE_OVERWRITE = 13;
export const SQLITE_FCNTL_PRAGMA = 14;
export const SQLITE_FCNTL_BUSYHANDLER = 15;
export const SQLITE_FCNTL_TEMPFILENAME = 16;
export const SQLITE_FCNTL_MMAP_SIZE = 18;
export const SQLITE_FCNTL_TRACE = 19;
export const SQLITE_FCNTL_HAS_MOVED = 20;
export const SQLITE_FCNTL_SYNC = 21;
export const SQLITE_FCNTL_COMMIT_PHASETWO = 22;
export const SQLITE_FCNTL_WIN32_SET_HANDLE = 23;
export const SQLITE_FCNTL_WAL_BLOCK = 24;
export const SQLITE_FCNTL_ZIPVFS = 25;
export const SQLITE_FCNTL_RBU = 26;
export const SQLITE_FCNTL_VFS_POINTER = 27;
export const SQLITE_FCNTL_JOURNAL_POINTER = 28;
export const SQLITE_FCNTL_WIN32_GET_HANDLE = 29;
export const SQLITE_FCNTL_PDB = 30;
export const SQLITE_FCNTL_BEGIN_ATOMIC_WRITE = 31;
export const SQLITE_FCNTL_COMMIT_ATOMIC_WRITE = 32;
export const SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE = 33;
export const SQLITE_FCNTL_LOCK_TIMEOUT = 34;
export const SQLITE_FCNTL_DATA_VERSION = 35;
export const SQLITE_FCNTL_SIZE_LIMIT = 36;
export const SQLITE_FCNTL_CKPT_DONE = 37;
export const SQLITE_FCNTL_RESERVE_BYTES = 38;
export const SQLITE_FCNTL_CKPT_START = 39;
export const SQLITE_FCNTL_EXTERNAL_READER = 40;
export const SQLITE_FCNTL_CKSM_FILE = 41;
export const SQLITE_FCNTL_RESET_CACHE = 42;
export const SQLITE_GET_LOCKPROXYFILE = 2;
export const SQLITE_SET_LOCKPROXYFILE = 3;
export const SQLITE_LAST_ERRNO = 4;

// Questions of xAccess
export const SQLITE_ACCESS_EXISTS = 0;
export const SQLITE_ACCESS_READWRITE = 1;
export const SQLITE_ACCESS_READ = 2;

// Locks of shared memory
export const SQLITE_SHM_UNLOCK = 1;
export const SQLITE_SHM_LOCK = 2;
export const SQLITE_SHM_SHARED = 4;
export const SQLITE_SHM_EXCLUSIVE = 8;
export const SQLITE_SHM_NLOCK = 8;

// Options of sqlite3_config
export const SQLITE_CONFIG_SINGLETHREAD = 1;
export const SQLITE_CONFIG_MULTITHREAD = 2;
export const SQLITE_CONFIG_SERIALIZED = 3;
export const SQLITE_CONFIG_MALLOC = 4;
export const SQLITE_CONFIG_GETMALLOC = 5;
export const SQLITE_CONFIG_SCRATCH = 6;
export const SQLITE_CONFIG_PAGECACHE = 7;
export const SQLITE_CONFIG_HEAP = 8;
export const SQLITE_CONFIG_MEMSTATUS = 9;
export const SQLITE_CONFIG_MUTEX = 10;
export const SQLITE_CONFIG_GETMUTEX = 11;
export const SQLITE_CONFIG_LOOKASIDE = 13;
export const SQLITE_CONFIG_PCACHE = 14;
export const SQLITE_CONFIG_GETPCACHE = 15;
export const SQLITE_CONFIG_LOG = 16;
export const SQLITE_CONFIG_URI = 17;
export const SQLITE_CONFIG_PCACHE2 = 18;
export const SQLITE_CONFIG_GETPCACHE2 = 19;
export const SQLITE_CONFIG_COVERING_INDEX_SCAN = 20;
export const SQLITE_CONFIG_SQLLOG = 21;
export const SQLITE_CONFIG_MMAP_SIZE = 22;
export const SQLITE_CONFIG_WIN32_HEAPSIZE = 23;
export const SQLITE_CONFIG_PCACHE_HDRSZ = 24;
export const SQLITE_CONFIG_PMASZ = 25;
export const SQLITE_CONFIG_STMTJRNL_SPILL = 26;
export const SQLITE_CONFIG_SMALL_MALLOC = 27;
export const SQLITE_CONFIG_SORTERREF_SIZE = 28;
export const SQLITE_CONFIG_MEMDB_MAXSIZE = 29;

// Options of sqlite3_db_config
export const SQLITE_DBCONFIG_MAINDBNAME = 1000;
export const SQLITE_DBCONFIG_LOOKASIDE = 1001;
export const SQLITE_DBCONFIG_ENABLE_FKEY = 1002;
export const SQLITE_DBCONFIG_ENABLE_TRIGGER = 1003;
export const SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER = 1004;
export const SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION = 1005;
export const SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE = 1006;
export const SQLITE_DBCONFIG_ENABLE_QPSG = 1007;
export const SQLITE_DBCONFIG_TRIGGER_EQP = 1008;
export const SQLITE_DBCONFIG_RESET_DATABASE = 1009;
export const SQLITE_DBCONFIG_DEFENSIVE = 1010;
export const SQLITE_DBCONFIG_WRITABLE_SCHEMA = 1011;
export const SQLITE_DBCONFIG_LEGACY_ALTER_TABLE = 1012;
export const SQLITE_DBCONFIG_DQS_DML = 1013;
export const SQLITE_DBCONFIG_DQS_DDL = 1014;
export const SQLITE_DBCONFIG_ENABLE_VIEW = 1015;
export const SQLITE_DBCONFIG_LEGACY_FILE_FORMAT = 1016;
export const SQLITE_DBCONFIG_TRUSTED_SCHEMA = 1017;
export const SQLITE_DBCONFIG_MAX = 1017;

// Answers and actions of an authorizer
export const SQLITE_DENY = 1;
export const SQLITE_IGNORE = 2;
export const SQLITE_CREATE_INDEX = 1;
export const SQLITE_CREATE_TABLE = 2;
export const SQLITE_CREATE_TEMP_INDEX = 3;
export const SQLITE_CREATE_TEMP_TABLE = 4;
export const SQLITE_CREATE_TEMP_TRIGGER = 5;
export const SQLITE_CREATE_TEMP_VIEW = 6;
export const SQLITE_CREATE_TRIGGER = 7;
export const SQLITE_CREATE_VIEW = 8;
export const SQLITE_DELETE = 9;
export const SQLITE_DROP_INDEX = 10;
export const SQLITE_DROP_TABLE = 11;
export const SQLITE_DROP_TEMP_INDEX = 12;
export const SQLITE_DROP_TEMP_TABLE = 13;
export const SQLITE_DROP_TEMP_TRIGGER = 14;
export const SQLITE_DROP_TEMP_VIEW = 15;
export const SQLITE_DROP_TRIGGER = 16;
export const SQLITE_DROP_VIEW = 17;
export const SQLITE_INSERT = 18;
export const SQLITE_PRAGMA = 19;
export const SQLITE_READ = 20;
export const SQLITE_SELECT = 21;
export const SQLITE_TRANSACTION = 22;
export const SQLITE_UPDATE = 23;
export const SQLITE_ATTACH = 24;
export const SQLITE_DETACH = 25;
export const SQLITE_ALTER_TABLE = 26;
export const SQLITE_REINDEX = 27;
export const SQLITE_ANALYZE = 28;
export const SQLITE_CREATE_VTABLE = 29;
export const SQLITE_DROP_VTABLE = 30;
export const SQLITE_FUNCTION = 31;
export const SQLITE_SAVEPOINT = 32;
export const SQLITE_COPY = 0;
export const SQLITE_RECURSIVE = 33;

// Events of sqlite3_trace_v2
export const SQLITE_TRACE_STMT = 1;
export const SQLITE_TRACE_PROFILE = 2;
export const SQLITE_TRACE_ROW = 4;
export const SQLITE_TRACE_CLOSE = 8;

// Limits
export const SQLITE_LIMIT_LENGTH = 0;
export const SQLITE_LIMIT_SQL_LENGTH = 1;
export const SQLITE_LIMIT_COLUMN = 2;
export const SQLITE_LIMIT_EXPR_DEPTH = 3;
export const SQLITE_LIMIT_COMPOUND_SELECT = 4;
export const SQLITE_LIMIT_VDBE_OP = 5;
export const SQLITE_LIMIT_FUNCTION_ARG = 6;
export const SQLITE_LIMIT_ATTACHED = 7;
export const SQLITE_LIMIT_LIKE_PATTERN_LENGTH = 8;
export const SQLITE_LIMIT_VARIABLE_NUMBER = 9;
export const SQLITE_LIMIT_TRIGGER_DEPTH = 10;
export const SQLITE_LIMIT_WORKER_THREADS = 11;

// Flags of sqlite3_prepare_v3
export const SQLITE_PREPARE_PERSISTENT = 1;
export const SQLITE_PREPARE_NORMALIZE = 2;
export const SQLITE_PREPARE_NO_VTAB = 4;

// Types of a value
export const SQLITE_INTEGER = 1;
export const SQLITE_FLOAT = 2;
export const SQLITE_BLOB = 4;
export const SQLITE_NULL = 5;
export const SQLITE_TEXT = 3;
export const SQLITE3_TEXT = 3;

// Encodings and flags of functions
export const SQLITE_UTF8 = 1;
export const SQLITE_UTF16LE = 2;
export const SQLITE_UTF16BE = 3;
export const SQLITE_UTF16 = 4;
export const SQLITE_ANY = 5;
export const SQLITE_UTF16_ALIGNED = 8;
export const SQLITE_DETERMINISTIC = 2048;
export const SQLITE_DIRECTONLY = 524288;
export const SQLITE_SUBTYPE = 1048576;
export const SQLITE_INNOCUOUS = 2097152;

// Directories on Windows
export const SQLITE_WIN32_DATA_DIRECTORY_TYPE = 1;
export const SQLITE_WIN32_TEMP_DIRECTORY_TYPE = 2;

// States of a transaction
export const SQLITE_TXN_NONE = 0;
export const SQLITE_TXN_READ = 1;
export const SQLITE_TXN_WRITE = 2;

// Constraints of an index
export const SQLITE_INDEX_SCAN_UNIQUE = 1;
export const SQLITE_INDEX_CONSTRAINT_EQ = 2;
export const SQLITE_INDEX_CONSTRAINT_GT = 4;
export const SQLITE_INDEX_CONSTRAINT_LE = 8;
export const SQLITE_INDEX_CONSTRAINT_LT = 16;
export const SQLITE_INDEX_CONSTRAINT_GE = 32;
export const SQLITE_INDEX_CONSTRAINT_MATCH = 64;
export const SQLITE_INDEX_CONSTRAINT_LIKE = 65;
export const SQLITE_INDEX_CONSTRAINT_GLOB = 66;
export const SQLITE_INDEX_CONSTRAINT_REGEXP = 67;
export const SQLITE_INDEX_CONSTRAINT_NE = 68;
export const SQLITE_INDEX_CONSTRAINT_ISNOT = 69;
export const SQLITE_INDEX_CONSTRAINT_ISNOTNULL = 70;
export const SQLITE_INDEX_CONSTRAINT_ISNULL = 71;
export const SQLITE_INDEX_CONSTRAINT_IS = 72;
export const SQLITE_INDEX_CONSTRAINT_LIMIT = 73;
export const SQLITE_INDEX_CONSTRAINT_OFFSET = 74;
export const SQLITE_INDEX_CONSTRAINT_FUNCTION = 150;

// Mutexes
export const SQLITE_MUTEX_FAST = 0;
export const SQLITE_MUTEX_RECURSIVE = 1;
export const SQLITE_MUTEX_STATIC_MAIN = 2;
export const SQLITE_MUTEX_STATIC_MEM = 3;
export const SQLITE_MUTEX_STATIC_MEM2 = 4;
export const SQLITE_MUTEX_STATIC_OPEN = 4;
export const SQLITE_MUTEX_STATIC_PRNG = 5;
export const SQLITE_MUTEX_STATIC_LRU = 6;
export const SQLITE_MUTEX_STATIC_LRU2 = 7;
export const SQLITE_MUTEX_STATIC_PMEM = 7;
export const SQLITE_MUTEX_STATIC_APP1 = 8;
export const SQLITE_MUTEX_STATIC_APP2 = 9;
export const SQLITE_MUTEX_STATIC_APP3 = 10;
export const SQLITE_MUTEX_STATIC_VFS1 = 11;
export const SQLITE_MUTEX_STATIC_VFS2 = 12;
export const SQLITE_MUTEX_STATIC_VFS3 = 13;
export const SQLITE_MUTEX_STATIC_MASTER = 2;

// Operations of sqlite3_test_control
export const SQLITE_TESTCTRL_FIRST = 5;
export const SQLITE_TESTCTRL_PRNG_SAVE = 5;
export const SQLITE_TESTCTRL_PRNG_RESTORE = 6;
export const SQLITE_TESTCTRL_PRNG_RESET = 7;
export const SQLITE_TESTCTRL_BITVEC_TEST = 8;
export const SQLITE_TESTCTRL_FAULT_INSTALL = 9;
export const SQLITE_TESTCTRL_BENIGN_MALLOC_HOOKS = 10;
export const SQLITE_TESTCTRL_PENDING_BYTE = 11;
export const SQLITE_TESTCTRL_ASSERT = 12;
export const SQLITE_TESTCTRL_ALWAYS = 13;
export const SQLITE_TESTCTRL_RESERVE = 14;
export const SQLITE_TESTCTRL_OPTIMIZATIONS = 15;
export const SQLITE_TESTCTRL_ISKEYWORD = 16;
export const SQLITE_TESTCTRL_SCRATCHMALLOC = 17;
export const SQLITE_TESTCTRL_INTERNAL_FUNCTIONS = 17;
export const SQLITE_TESTCTRL_LOCALTIME_FAULT = 18;
export const SQLITE_TESTCTRL_EXPLAIN_STMT = 19;
export const SQLITE_TESTCTRL_ONCE_RESET_THRESHOLD = 19;
export const SQLITE_TESTCTRL_NEVER_CORRUPT = 20;
export const SQLITE_TESTCTRL_VDBE_COVERAGE = 21;
export const SQLITE_TESTCTRL_BYTEORDER = 22;
export const SQLITE_TESTCTRL_ISINIT = 23;
export const SQLITE_TESTCTRL_SORTER_MMAP = 24;
export const SQLITE_TESTCTRL_IMPOSTER = 25;
export const SQLITE_TESTCTRL_PARSER_COVERAGE = 26;
export const SQLITE_TESTCTRL_RESULT_INTREAL = 27;
export const SQLITE_TESTCTRL_PRNG_SEED = 28;
export const SQLITE_TESTCTRL_EXTRA_SCHEMA_CHECKS = 29;
export const SQLITE_TESTCTRL_SEEK_COUNT = 30;
export const SQLITE_TESTCTRL_TRACEFLAGS = 31;
export const SQLITE_TESTCTRL_TUNE = 32;
export const SQLITE_TESTCTRL_LOGEST = 33;
export const SQLITE_TESTCTRL_LAST = 33;

// Counters of sqlite3_status
export const SQLITE_STATUS_MEMORY_USED = 0;
export const SQLITE_STATUS_PAGECACHE_USED = 1;
export const SQLITE_STATUS_PAGECACHE_OVERFLOW = 2;
export const SQLITE_STATUS_SCRATCH_USED = 3;
export const SQLITE_STATUS_SCRATCH_OVERFLOW = 4;
export const SQLITE_STATUS_MALLOC_SIZE = 5;
export const SQLITE_STATUS_PARSER_STACK = 6;
export const SQLITE_STATUS_PAGECACHE_SIZE = 7;
export const SQLITE_STATUS_SCRATCH_SIZE = 8;
export const SQLITE_STATUS_MALLOC_COUNT = 9;

// Counters of sqlite3_db_status
export const SQLITE_DBSTATUS_LOOKASIDE_USED = 0;
export const SQLITE_DBSTATUS_CACHE_USED = 1;
export const SQLITE_DBSTATUS_SCHEMA_USED = 2;
export const SQLITE_DBSTATUS_STMT_USED = 3;
export const SQLITE_DBSTATUS_LOOKASIDE_HIT = 4;
export const SQLITE_DBSTATUS_LOOKASIDE_MISS_SIZE = 5;
export const SQLITE_DBSTATUS_LOOKASIDE_MISS_FULL = 6;
export const SQLITE_DBSTATUS_CACHE_HIT = 7;
export const SQLITE_DBSTATUS_CACHE_MISS = 8;
export const SQLITE_DBSTATUS_CACHE_WRITE = 9;
export const SQLITE_DBSTATUS_DEFERRED_FKS = 10;
export const SQLITE_DBSTATUS_CACHE_USED_SHARED = 11;
export const SQLITE_DBSTATUS_CACHE_SPILL = 12;
export const SQLITE_DBSTATUS_MAX = 12;

// Counters of sqlite3_stmt_status
export const SQLITE_STMTSTATUS_FULLSCAN_STEP = 1;
export const SQLITE_STMTSTATUS_SORT = 2;
export const SQLITE_STMTSTATUS_AUTOINDEX = 3;
export const SQLITE_STMTSTATUS_VM_STEP = 4;
export const SQLITE_STMTSTATUS_REPREPARE = 5;
export const SQLITE_STMTSTATUS_RUN = 6;
export const SQLITE_STMTSTATUS_FILTER_MISS = 7;
export const SQLITE_STMTSTATUS_FILTER_HIT = 8;
export const SQLITE_STMTSTATUS_MEMUSED = 99;

// Modes of a checkpoint
export const SQLITE_CHECKPOINT_PASSIVE = 0;
export const SQLITE_CHECKPOINT_FULL = 1;
export const SQLITE_CHECKPOINT_RESTART = 2;
export const SQLITE_CHECKPOINT_TRUNCATE = 3;

// Options of sqlite3_vtab_config
export const SQLITE_VTAB_CONSTRAINT_SUPPORT = 1;
export const SQLITE_VTAB_INNOCUOUS = 2;
export const SQLITE_VTAB_DIRECTONLY = 3;

// Answers to a conflict
export const SQLITE_ROLLBACK = 1;
export const SQLITE_FAIL = 3;
export const SQLITE_REPLACE = 5;

// Values of sqlite3_stmt_scanstatus
export const SQLITE_SCANSTAT_NLOOP = 0;
export const SQLITE_SCANSTAT_NVISIT = 1;
export const SQLITE_SCANSTAT_EST = 2;
export const SQLITE_SCANSTAT_NAME = 3;
export const SQLITE_SCANSTAT_EXPLAIN = 4;
export const SQLITE_SCANSTAT_SELECTID = 5;

// Flags of sqlite3_serialize
export const SQLITE_SERIALIZE_NOCOPY = 1;

// Flags of sqlite3_deserialize
export const SQLITE_DESERIALIZE_FREEONCLOSE = 1;
export const SQLITE_DESERIALIZE_RESIZEABLE = 2;
export const SQLITE_DESERIALIZE_READONLY = 4;

// R-trees
export const NOT_WITHIN = 0;
export const PARTLY_WITHIN = 1;
export const FULLY_WITHIN = 2;

// Sessions
export const SQLITE_SESSION_OBJCONFIG_SIZE = 1;

// Changesets
export const SQLITE_CHANGESETSTART_INVERT = 2;
export const SQLITE_CHANGESETAPPLY_NOSAVEPOINT = 1;
export const SQLITE_CHANGESETAPPLY_INVERT = 2;
export const SQLITE_CHANGESET_DATA = 1;
export const SQLITE_CHANGESET_NOTFOUND = 2;
export const SQLITE_CHANGESET_CONFLICT = 3;
export const SQLITE_CHANGESET_CONSTRAINT = 4;
export const SQLITE_CHANGESET_FOREIGN_KEY = 5;
export const SQLITE_CHANGESET_OMIT = 0;
export const SQLITE_CHANGESET_REPLACE = 1;
export const SQLITE_CHANGESET_ABORT = 2;
export const SQLITE_SESSION_CONFIG_STRMSIZE = 1;

// Tokens of FTS5
export const FTS5_TOKENIZE_QUERY = 1;
export const FTS5_TOKENIZE_PREFIX = 2;
export const FTS5_TOKENIZE_DOCUMENT = 4;
export const FTS5_TOKENIZE_AUX = 8;
export const FTS5_TOKEN_COLOCATED = 1;
