//! H.264 by openh264, over its raw C interface: the safe wrapper lacks rate control by timestamps, runtime bitrate and
//! slices.

mod decoder;
mod encoder;
mod level;
mod rate;

pub use decoder::Decoder;
pub use encoder::{Encoder, EncoderConfig};
pub use level::Level;

use openh264_sys2::source::APILoader;

/// Which of its assembly the linked openh264 runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assembly {
    /// None: the crate's build script goes on silently when it finds no nasm, and encoding is two to three times slower.
    Missing,
    /// SSE on x86, NEON on ARM.
    Basic,
    /// AVX2 as well. The crate's build script does not ask for it; `.cargo/config.toml` does.
    Avx2,
}

impl Assembly {
    /// Whether there is any.
    #[must_use]
    pub fn is_present(self) -> bool {
        self != Self::Missing
    }
}

/// What the linked openh264 was built with and this CPU can run.
///
/// This asks the linked library itself, so it cannot differ from what runs: `WelsCPUFeatureDetect`
/// (codec/common/src/cpu.cpp) is what openh264 chooses its functions by. It is compiled in one of several bodies: with
/// `X86_ASM` or `HAVE_NEON…` defined it reports the CPU's features, and without it returns 0; the build script defines
/// `X86_ASM` for a library only after nasm compiled all of that library's assembly. The bit for AVX2 is defined as 0
/// unless `HAVE_AVX2` is (codec/common/inc/cpu_core.h), and then the library does not link without those routines. A
/// true answer also needs a CPU with the features, which is again what counts.
#[must_use]
#[allow(unsafe_code, reason = "one call into the codec's library")]
pub fn assembly() -> Assembly {
    /// `WELS_CPU_AVX2` of codec/common/inc/cpu_core.h.
    const AVX2: u32 = 0x0004_0000;
    unsafe extern "C" {
        fn WelsCPUFeatureDetect(processors: *mut i32) -> u32;
    }
    let mut processors = 0;
    // SAFETY: declared in codec/common/inc/cpu.h as `uint32_t (int32_t*)` with C linkage; it writes one int32 at most.
    let features = unsafe { WelsCPUFeatureDetect(&raw mut processors) };
    match features {
        0 => Assembly::Missing,
        features if cfg!(target_arch = "x86_64") && features & AVX2 != 0 => Assembly::Avx2,
        _ => Assembly::Basic,
    }
}

/// The linked openh264, as `major.minor.revision`.
#[must_use]
#[allow(unsafe_code, reason = "one call into the codec's library")]
pub fn version() -> String {
    // SAFETY: takes nothing, returns a plain struct by value.
    let version = unsafe { APILoader::WelsGetCodecVersion() };
    format!("{}.{}.{}", version.uMajor, version.uMinor, version.uRevision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_one_without_the_known_overflow() {
        // CVE-2025-27091 was fixed in 2.6.0.
        let version = version();
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap());
        let (major, minor) = (parts.next().unwrap(), parts.next().unwrap());
        assert!((major, minor) >= (2, 6), "{version}");
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn assembly_is_reported_as_the_library_was_built() {
        // The oracle is the binary itself: the name of an assembly routine stands in its symbol table, or does not.
        let binary = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let holds = |symbol: &str| binary.windows(symbol.len()).any(|window| window == symbol.as_bytes());
        // Put together at run time, so that this test's own text is not what it finds.
        let name = |level: &str| ["WelsSampleSatd16x16_", level].concat();
        assert_eq!(assembly().is_present(), holds(&name("sse2")));
        assert_eq!(assembly() == Assembly::Avx2, holds(&name("avx2")) && is_x86_feature_detected!("avx2"));
    }
}
