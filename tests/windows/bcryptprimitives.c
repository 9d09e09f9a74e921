/*
 * bcryptprimitives.c - the one function that Bun imports from the library of this name, which older
 * versions of wine lack.
 */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG size_bytes); /* known as RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T size_bytes) {
    const SIZE_T part_bytes_max = 1u << 20;
    while (size_bytes > 0) {
        SIZE_T part_bytes = size_bytes < part_bytes_max ? size_bytes : part_bytes_max;
        if (!SystemFunction036(bytes, (ULONG)part_bytes)) {
            return FALSE;
        }
        bytes += part_bytes;
        size_bytes -= part_bytes;
    }
    return TRUE;
}
