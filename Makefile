# Two commands for a fresh machine with Node 20, a C compiler and make:
#   make demo   count the calls of a running program
#   make test   set up, build, check and test everything

BIN := node_modules/.bin

.PHONY: help demo test build programs clean

help:
	@echo 'make demo   count the calls of a running program'
	@echo 'make test   set up, build, check and test everything'
	@echo 'make build  compile into dist/'

demo: build
	@tools/demo/run.sh

# A clean build: tests of files that are gone would still be in dist/.
test: programs node_modules/.package-lock.json
	@rm -rf dist
	@$(MAKE) --no-print-directory build
	@node dist/tools/run-tests.js

build: node_modules/.package-lock.json
	@$(BIN)/tsc -p .
	@chmod +x dist/src/cli/main.js

programs:
	@tools/install-test-programs.sh

# No dependency needs its install script, so none is run.
node_modules/.package-lock.json: package-lock.json
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

clean:
	@rm -rf dist .cache
