//! What this build is: version, SIMD level, and whether openh264 has its assembly (without nasm at build time it encodes
//! two to three times slower, and that must never go unsaid).

use costage_media::codec::openh264::{self, Assembly};
use costage_media::kernel::{Kernels, Level};

use super::config::Simd;

/// The kernels for a wish; lowered to what the CPU has.
pub fn kernels(simd: Simd) -> Kernels {
    Kernels::pick(match simd {
        Simd::Auto => None,
        Simd::Avx512 => Some(Level::Avx512),
        Simd::Avx2 => Some(Level::Avx2),
        Simd::Neon => Some(Level::Neon),
        Simd::Scalar => Some(Level::Scalar),
    })
}

/// `0.1.0 (SIMD avx2; openh264 2.6.0 with AVX2 assembly)`.
pub fn version(level: Level) -> String {
    let assembly = match openh264::assembly() {
        Assembly::Missing => "WITHOUT assembly",
        Assembly::Basic => "with assembly",
        Assembly::Avx2 => "with AVX2 assembly",
    };
    format!("{} (SIMD {level}; openh264 {} {assembly})", env!("CARGO_PKG_VERSION"), openh264::version())
}

/// What to do about missing assembly, as a sentence; `None` when all that this CPU can use is there.
pub fn slow_build() -> Option<&'static str> {
    match openh264::assembly() {
        Assembly::Missing => Some(
            "openh264 was built without its assembly and encodes two to three times slower: install nasm and build again",
        ),
        Assembly::Basic if Level::detect() >= Level::Avx2 => Some(
            "openh264 was built without its AVX2 routines and costs about a tenth more: build in the repository's folder, \
             where .cargo/config.toml asks for them, without NASMENV or CXXFLAGS of your own",
        ),
        Assembly::Basic | Assembly::Avx2 => None,
    }
}

/// The first line of the log, and a warning where one is due.
pub fn announce(version: &str) {
    tracing::info!("costage {version}");
    if let Some(advice) = slow_build() {
        tracing::warn!("{advice}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_names_level_and_assembly() {
        let text = version(Level::Scalar);
        assert!(text.contains("SIMD scalar") && text.contains("assembly)"), "{text}");
        assert_eq!(text.contains("WITHOUT"), !openh264::assembly().is_present());
        assert!(slow_build().is_some() || !text.contains("WITHOUT"), "never unsaid");
    }

    #[test]
    fn wish_may_lower_the_level() {
        assert_eq!(kernels(Simd::Scalar).level(), Level::Scalar);
        assert_eq!(kernels(Simd::Auto).level(), Level::detect());
    }
}
