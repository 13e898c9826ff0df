/* The version of palate, which CMake knows; "unknown" where a file is compiled without it. */
#ifndef PALATE_IO_BASE_VERSION_H
#define PALATE_IO_BASE_VERSION_H

#ifndef PALATE_VERSION
#define PALATE_VERSION "unknown"
#endif

#endif
