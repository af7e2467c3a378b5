#!/bin/sh
# What a build or a test of costage needs beside Rust, and how to get it.
#
#   .ci/setup.sh build     cmake, make and nasm for the bundled openh264 and opus, a C and a C++ compiler
#   .ci/setup.sh test      the same, and Chromium
#
# Installs what is missing by apt-get when it may (root, or sudo without a password); otherwise names exactly what to
# install and fails. Does nothing, and takes no time, when everything is there.
set -eu

want=${1:-build}
case $want in build | test) ;; *) echo "usage: .ci/setup.sh build|test" >&2; exit 2 ;; esac

bold=; plain=
if [ -t 2 ]; then bold=$(printf '\033[1m'); plain=$(printf '\033[0m'); fi
say() { printf '%ssetup%s  %s\n' "$bold" "$plain" "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
have_chromium() {
    [ -x "${COSTAGE_CHROMIUM:-}" ] || have chromium || have chromium-browser || have google-chrome
}

if ! have cargo; then
    # A shell that has not been restarted since rustup ran.
    if [ -x "$HOME/.cargo/bin/cargo" ]; then
        say "cargo is in $HOME/.cargo/bin but not in PATH; run:  . \"$HOME/.cargo/env\""
    else
        say "Rust is missing. Install it from https://rustup.rs, then run this command again."
    fi
    exit 1
fi

# Names of Debian packages; the other package managers' names stand in the hint below.
missing=
have cc || missing="$missing gcc"
have c++ || missing="$missing g++"
have make || missing="$missing make"
have cmake || missing="$missing cmake"
have nasm || missing="$missing nasm"
if [ "$want" = test ]; then
    have_chromium || missing="$missing chromium"
fi
[ -n "$missing" ] || exit 0
say "missing:$missing"

hint() {
    say "Please install:$missing"
    say "  Debian, Ubuntu   sudo apt-get install$missing"
    say "  Fedora           sudo dnf install$(echo "$missing" | sed 's/g++/gcc-c++/')"
    say "  Arch             sudo pacman -S$(echo "$missing" | sed 's/ g++//')"
    say "then run this command again."
    exit 1
}

have apt-get || hint
if [ "$(id -u)" = 0 ]; then
    root=
elif have sudo && sudo -n true 2>/dev/null; then
    root="sudo -n"
else
    say "no right to install packages here (neither root nor sudo without a password)"
    hint
fi

say "installing with apt-get (this takes a minute or two)"
# shellcheck disable=SC2086 # both are lists of words
{
    $root env DEBIAN_FRONTEND=noninteractive apt-get update >/dev/null || say "apt-get update failed; trying with the lists at hand"
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >&2 || hint
}
say "done"
