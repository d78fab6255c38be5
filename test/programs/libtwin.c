/* A library that can be loaded twice, from two folders. */
#include "program.h"

OWN_FUNCTION u64 twin(u64 n)
{
	return n * 2 + 1;
}
