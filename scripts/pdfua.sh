#!/bin/sh
# Installs what veraPDF needs to check our papers (JDK, JAXB) where that is possible; never fails.
set -u
here() {
    command -v java >/dev/null 2>&1 && command -v javac >/dev/null 2>&1 &&
        [ -e /usr/share/java/jaxb-runtime.jar ] && [ -e /usr/share/java/jaxb-api.jar ] &&
        [ -e /usr/share/java/javax.activation.jar ]
}
if here; then
    exit 0
fi
packages="libjaxb-java libjaxb-api-java libistack-commons-java libtxw2-java libstax-ex-java libactivation-java"
command -v javac >/dev/null 2>&1 || packages="$packages default-jdk-headless"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing the checker of accessible PDF: $packages"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  one argument a package
    if apt-get update -qq >/dev/null 2>&1 &&
        apt-get install -qq -y --no-install-recommends $packages >/dev/null 2>&1 && here; then
        exit 0
    fi
fi
echo "PDF/UA is not checked: Java and JAXB are not here (Debian: apt-get install $packages)."
