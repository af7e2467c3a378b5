//! How rows write what is not ours to derive: layouts and numbers of the media core.

/// A template as its number.
pub(in crate::live) mod template {
    use costage_media::scene::Template;
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(in crate::live) fn serialize<S: Serializer>(template: &Template, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(template.id())
    }

    pub(in crate::live) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Template, D::Error> {
        let id = u32::deserialize(deserializer)?;
        let mut known = Template::ALL.into_iter().chain([Template::Custom]);
        known.find(|known| known.id() == id).ok_or_else(|| D::Error::custom(format!("no layout has the number {id}")))
    }
}

/// A region as its numbers.
pub(in crate::live) mod region {
    use costage_media::scene::{Rect, Region};
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    use crate::live::custom::Fit;

    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        x: usize,
        y: usize,
        w: usize,
        h: usize,
        z: u32,
        fit: Fit,
        corner_radius: usize,
    }

    pub(in crate::live) fn serialize<S: Serializer>(region: &Region, serializer: S) -> Result<S::Ok, S::Error> {
        let Region { rect: Rect { x, y, w, h }, z, fit, corner_radius } = *region;
        Row { x, y, w, h, z, fit: fit.into(), corner_radius }.serialize(serializer)
    }

    pub(in crate::live) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Region, D::Error> {
        let Row { x, y, w, h, z, fit, corner_radius } = Row::deserialize(deserializer)?;
        Ok(Region { rect: Rect { x, y, w, h }, z, fit: fit.into(), corner_radius })
    }
}

/// A source as its number.
pub(in crate::live) mod source {
    use costage_media::scene::SourceId;
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::Serializer;

    pub(in crate::live) fn serialize<S: Serializer>(source: &SourceId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(source.0)
    }

    pub(in crate::live) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SourceId, D::Error> {
        u32::deserialize(deserializer).map(SourceId)
    }
}

/// A source as its number, or none.
pub(in crate::live) mod source_if_any {
    use costage_media::scene::SourceId;
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    pub(in crate::live) fn serialize<S: Serializer>(
        source: &Option<SourceId>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        source.map(|source| source.0).serialize(serializer)
    }

    pub(in crate::live) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SourceId>, D::Error> {
        Ok(Option::<u32>::deserialize(deserializer)?.map(SourceId))
    }
}

/// How a battle ended, as a word.
pub(in crate::live) mod outcome {
    use costage_media::scene::Outcome;
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Word {
        Victory,
        Defeat,
        Draw,
    }

    pub(in crate::live) fn serialize<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
        let word = match outcome {
            Outcome::Victory => Word::Victory,
            Outcome::Defeat => Word::Defeat,
            Outcome::Draw => Word::Draw,
        };
        word.serialize(serializer)
    }

    pub(in crate::live) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
        Ok(match Word::deserialize(deserializer)? {
            Word::Victory => Outcome::Victory,
            Word::Defeat => Outcome::Defeat,
            Word::Draw => Outcome::Draw,
        })
    }
}
