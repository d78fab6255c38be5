/* Loads the libraries named on its command line and calls `twin` in each. At `report` answers `sum=N`. */
#include "program.h"
#include <dlfcn.h>

int main(int argc, char **argv)
{
	char command[64];
	u64 (*twins[16])(u64);
	int loaded = 0;
	for (int i = 1; i < argc && loaded < 16; i++) {
		void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
		void *symbol = library ? dlsym(library, "twin") : NULL;
		if (!symbol)
			return 2;
		memcpy(&twins[loaded++], &symbol, sizeof symbol);
	}
	say("ready");
	while (next_command(command, sizeof command) && strcmp(command, "quit")) {
		u64 sum = 0;
		for (int i = 0; i < loaded; i++)
			sum += twins[i](i);
		say("sum=%lu", sum);
	}
	return 0;
}
