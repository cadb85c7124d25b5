# SPDX-License-Identifier: Apache-2.0
# Everything a developer runs. Each target installs what it needs first (see .ci/setup).
#   make run ARGS="--port 7000"     build a release and serve in the foreground
#   make test FILTER=HouseTests     build and run the tests; the last line carries the counts
#   make bench PEER="/path/to/server /path/to/another" compare with peers; ARGS=--quick for a short look
SHELL := /bin/bash
ARGS ?=
FILTER ?=
PEER ?= /usr/bin/redis-server

export PATH := $(PATH):/opt/swift/bin:/opt/swift/usr/bin
# A crashing child would otherwise start the toolchain's backtracer, which can hold the output pipe open
# for ever.
export SWIFT_BACKTRACE := enable=no

# `swift test -c release` relinks .build/release as a binary that needs the toolchain at run time, so the
# self-contained server has a scratch path of its own.
# Without debug information (symbols stay): valgrind 3.19 cannot read it in a binary of this kind.
STATIC := --configuration release --static-swift-stdlib --scratch-path .build/static -Xlinker -S
RELEASE := .build/static/release

# The commit that is built, and `+` where files differ from it; nothing where there is no repository (a tarball). Git is
# kept from writing into it.
COMMIT = $(shell if [ -e .git ]; then export GIT_OPTIONAL_LOCKS=0; git rev-parse HEAD | cut -c 1-8; \
	git diff --quiet HEAD || echo +; fi 2>/dev/null)

.PHONY: run build test image-test bench format lint setup help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# *\(.*\)/\1/p' Makefile | sed -n '2,5p'; echo 'Targets: run build test image-test bench format lint setup'

setup:
	@.ci/setup build test

build:
	@.ci/setup build
	NEEDLETAIL_COMMIT='$(COMMIT)' swift build $(STATIC) --product needletail

run: build
	@exec $(RELEASE)/needletail $(ARGS)

test:
	@.ci/test $(if $(FILTER),'$(FILTER)')

# Builds the container image and looks at what it does: minutes, the network, root and buildah (see docker/test).
image-test:
	@docker/test $(ARGS)

# Tables and figures also stay under .build. A run over all rows writes them into README and the page of the
# documentation; ARGS="--from .build/bench.json --publish" does so with the figures of the last run of any kind.
bench: build
	@.ci/setup test
	NEEDLETAIL_COMMIT='$(COMMIT)' swift build $(STATIC) --product Bench
	NEEDLETAIL_COMMIT='$(COMMIT)' swift build $(STATIC) --product ConstantReply
	@exec $(RELEASE)/Bench --server $(RELEASE)/needletail $(addprefix --peer ,$(PEER)) \
		--markdown .build/bench.md --json .build/bench.json --plots Tests --readme README.md \
		--page Sources/needletail/needletail.docc/Benchmarks.md $(ARGS)

format:
	@.ci/setup build
	swift format --in-place --recursive Sources Tests Package.swift

lint:
	@.ci/setup build
	swift format lint --strict --recursive Sources Tests Package.swift
