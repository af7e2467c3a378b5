//! How the seats of a live are laid out while it is alone.

use costage_media::scene::Template;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The template of a live's seats. In a connection the connection's layout is shown instead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SeatTemplate {
    /// 600: who is there, in a grid that grows; nine at most.
    #[default]
    VideoDynamicGrid9Seats,
    /// 601: the host on the whole canvas, who else is there in windows above; seven at most.
    VideoDynamicFloat7Seats,
    /// 800: nine seats in a grid, empty ones drawn too.
    VideoFixedGrid9Seats,
    /// 801: the host on the whole canvas, six seats in windows above, empty ones drawn too.
    VideoFixedFloat7Seats,
    /// 200: who is there, in landscape; four at most.
    VideoLandscape4Seats,
    /// 70: all seats of a voice room, in five columns without pictures.
    AudioSalon,
    /// 50: the same of a room for singing.
    Karaoke,
}

impl SeatTemplate {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::VideoDynamicGrid9Seats,
        Self::VideoDynamicFloat7Seats,
        Self::VideoFixedGrid9Seats,
        Self::VideoFixedFloat7Seats,
        Self::VideoLandscape4Seats,
        Self::AudioSalon,
        Self::Karaoke,
    ];

    /// As clients know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::VideoDynamicGrid9Seats => "videoDynamicGrid9Seats",
            Self::VideoDynamicFloat7Seats => "videoDynamicFloat7Seats",
            Self::VideoFixedGrid9Seats => "videoFixedGrid9Seats",
            Self::VideoFixedFloat7Seats => "videoFixedFloat7Seats",
            Self::VideoLandscape4Seats => "videoLandscape4Seats",
            Self::AudioSalon => "audioSalon",
            Self::Karaoke => "karaoke",
        }
    }

    /// The layout that it is drawn in.
    #[must_use]
    pub fn layout(self) -> Template {
        match self {
            Self::VideoDynamicGrid9Seats => Template::HostDynamicGrid,
            Self::VideoDynamicFloat7Seats => Template::HostDynamic1v6,
            Self::VideoFixedGrid9Seats => Template::VideoFixedGrid9Seats,
            Self::VideoFixedFloat7Seats => Template::VideoFixedFloat7Seats,
            Self::VideoLandscape4Seats => Template::VideoLandscape4Seats,
            Self::AudioSalon => Template::AudioSalon,
            Self::Karaoke => Template::Karaoke,
        }
    }

    /// The one that is drawn in this layout; `None` of layouts that connections alone have.
    #[must_use]
    pub fn of(layout: Template) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.layout() == layout)
    }

    /// How many seats a live has that names no number: as many as the template shows, ten in a voice room.
    #[must_use]
    pub fn seats(self) -> u64 {
        match self {
            Self::VideoDynamicGrid9Seats | Self::VideoFixedGrid9Seats => 9,
            Self::VideoDynamicFloat7Seats | Self::VideoFixedFloat7Seats => 7,
            Self::VideoLandscape4Seats => 4,
            Self::AudioSalon | Self::Karaoke => 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_has_a_layout_of_its_own_and_its_name() {
        for template in SeatTemplate::ALL {
            assert_eq!(SeatTemplate::of(template.layout()), Some(template));
            assert_eq!(serde_json::to_value(template).unwrap(), template.name());
        }
        let ids = SeatTemplate::ALL.map(|template| (template.layout().id(), template.seats()));
        assert_eq!(ids, [(600, 9), (601, 7), (800, 9), (801, 7), (200, 4), (70, 10), (50, 10)]);
        for layout in Template::ALL.into_iter().chain([Template::Custom]) {
            let shared = layout.capacity() > 1 && !matches!(layout.id(), 600 | 601);
            assert_eq!(SeatTemplate::of(layout).is_none(), shared, "{layout:?}");
        }
    }
}
