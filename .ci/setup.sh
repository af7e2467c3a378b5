#!/bin/sh
# What a build or a test of costage needs beside Rust, and how to get it.
#
#   .ci/setup.sh build     cmake, make and nasm for the bundled openh264 and opus, a C and a C++ compiler
#   .ci/setup.sh test      the same, and Chromium or Chrome
#
# Installs what is missing by apt-get when it may (root, or sudo without a password); otherwise names exactly what to
# install and fails. Does nothing, and takes no time, when everything is there. COSTAGE_CHROMIUM names a browser that is
# not in PATH.
set -eu

want=${1:-build}
case $want in build | test) ;; *) echo "usage: .ci/setup.sh build|test" >&2; exit 2 ;; esac

bold=; plain=
if [ -t 2 ]; then bold=$(printf '\033[1m'); plain=$(printf '\033[0m'); fi
say() { printf '%ssetup%s  %s\n' "$bold" "$plain" "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
# Asked for its version, since Ubuntu's chromium-browser is there and runs nothing until a snap is installed.
runs() { "$1" --version >/dev/null 2>&1 </dev/null; }
have_browser() {
    if [ -n "${COSTAGE_CHROMIUM:-}" ]; then runs "$COSTAGE_CHROMIUM"; return; fi
    for name in chromium chromium-browser google-chrome; do
        if have "$name" && runs "$name"; then return; fi
    done
    return 1
}
# SETUP_OS_RELEASE: another file than the system's, for the tests of this script.
is_ubuntu() { grep -Eqs '^ID="?ubuntu"?$' "${SETUP_OS_RELEASE:-/etc/os-release}"; }

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
tools=
have cc || tools="$tools gcc"
have c++ || tools="$tools g++"
have make || tools="$tools make"
have cmake || tools="$tools cmake"
have nasm || tools="$tools nasm"
browser=
if [ "$want" = test ] && ! have_browser; then
    if [ -n "${COSTAGE_CHROMIUM:-}" ]; then
        say "COSTAGE_CHROMIUM is $COSTAGE_CHROMIUM, which does not run: name a Chromium or Chrome, or unset it"
        exit 1
    fi
    browser=" chromium"
fi
[ -n "$tools$browser" ] || exit 0
say "missing:$tools$browser"

hint() {
    all=$tools$browser
    say "Please install:$all"
    say "  Debian           sudo apt-get install$all"
    [ -z "$tools" ] || say "  Ubuntu           sudo apt-get install$tools"
    [ -z "$browser" ] || hint_ubuntu_browser
    say "  Fedora           sudo dnf install$(echo "$all" | sed 's/g++/gcc-c++/')"
    say "  Arch             sudo pacman -S$(echo "$all" | sed 's/ g++//')"
    [ -z "$browser" ] || say "A browser elsewhere is named by COSTAGE_CHROMIUM=/path/to/it."
    say "then run this command again."
    exit 1
}
hint_ubuntu_browser() {
    say "  Ubuntu           sudo snap install chromium"
    say "                   (no apt package of Ubuntu's is a browser: its chromium-browser only points to the snap)"
    say "                   or, where there are no snaps, Google Chrome's package:"
    say "                   https://dl.google.com/linux/direct/google-chrome-stable_current_amd64.deb"
}

have apt-get || hint
if [ -z "$tools" ] && is_ubuntu; then hint; fi
if [ "$(id -u)" = 0 ]; then
    root=
elif have sudo && sudo -n true 2>/dev/null; then
    root="sudo -n"
else
    say "no right to install packages here (neither root nor sudo without a password)"
    hint
fi

# shellcheck disable=SC2086 # $root is a list of words
apt() { $root env DEBIAN_FRONTEND=noninteractive apt-get "$@"; }
apt_install() { apt install -y --no-install-recommends "$@" >&2; }

say "installing with apt-get (this takes a minute or two)"
apt update >/dev/null || say "apt-get update failed; trying with the lists at hand"
if [ -n "$tools" ]; then
    # shellcheck disable=SC2086 # a list of words
    apt_install $tools || hint
    tools=
fi
# In a call of its own: apt-get installs all that it is asked for or nothing, and what compiles must not wait for a browser.
if [ -n "$browser" ]; then
    if is_ubuntu || ! apt_install chromium || ! have_browser; then hint; fi
fi
say "done"
