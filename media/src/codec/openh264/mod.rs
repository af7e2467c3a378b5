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

/// Whether the linked openh264 runs assembly. Without it (the crate's build script goes on silently when it finds no
/// nasm) encoding is two to three times slower.
///
/// This asks the linked library itself, so it cannot differ from what runs: `WelsCPUFeatureDetect`
/// (codec/common/src/cpu.cpp) is what openh264 chooses its functions by. It is compiled in one of several bodies: with
/// `X86_ASM` or `HAVE_NEON…` defined it reports the CPU's features, and without it returns 0; the build script defines
/// `X86_ASM` for a library only after nasm compiled all of that library's assembly. A true answer also needs a CPU with
/// the features, which is again what counts.
#[must_use]
#[allow(unsafe_code, reason = "one call into the codec's library")]
pub fn has_assembly() -> bool {
    unsafe extern "C" {
        fn WelsCPUFeatureDetect(processors: *mut i32) -> u32;
    }
    let mut processors = 0;
    // SAFETY: declared in codec/common/inc/cpu.h as `uint32_t (int32_t*)` with C linkage; it writes one int32 at most.
    unsafe { WelsCPUFeatureDetect(&raw mut processors) != 0 }
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
        // Put together at run time, so that this test's own text is not what it finds.
        let symbol = ["WelsSampleSad16x16", "_sse2"].concat();
        let found = binary.windows(symbol.len()).any(|window| window == symbol.as_bytes());
        assert_eq!(has_assembly(), found);
    }
}
