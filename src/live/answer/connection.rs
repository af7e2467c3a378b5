//! Answers about connections.

use std::borrow::Cow;

use costage_media::scene::Template;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::super::ids::LiveId;
use super::Host;

/// What became of the invitation of one live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetResult {
    /// The invited live.
    pub live_id: LiveId,
    /// The product's code.
    pub code: ConnectionCode,
}

/// Result of an invitation (TUIConnectionCode).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionCode {
    /// 0: invited, or connected at once where both invited each other.
    Success,
    /// 1
    RoomNotExist,
    /// 2: already invited by you or already connected to you, or its user is, by another live.
    Connecting,
    /// 3: invited by another, or in another connection.
    ConnectingOtherRoom,
    /// 4: the connection has no place left.
    Full,
    /// 5: too many of your requests are pending.
    Retry,
}

impl ConnectionCode {
    /// The product's number.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Success => 0,
            Self::RoomNotExist => 1,
            Self::Connecting => 2,
            Self::ConnectingOtherRoom => 3,
            Self::Full => 4,
            Self::Retry => 5,
        }
    }
}

impl Serialize for ConnectionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.code())
    }
}

impl JsonSchema for ConnectionCode {
    fn schema_name() -> Cow<'static, str> {
        "ConnectionCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "description": "What became of one invitation.",
            "oneOf": [
                {"const": 0, "description": "success: invited, or connected at once where both invited each other"},
                {"const": 1, "description": "roomNotExist: there is no such live"},
                {"const": 2, "description": "connecting: already invited by you or connected to you, or its user is, by another live"},
                {"const": 3, "description": "connectingOtherRoom: invited by another, or in another connection"},
                {"const": 4, "description": "full: the connection has no place left"},
                {"const": 5, "description": "retry: too many of your requests are pending"},
            ],
        })
    }
}

/// A layout template as answers name it: `"templateId":600,"template":"hostDynamicGrid"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateName(pub Template);

impl Serialize for TemplateName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("TemplateName", 2)?;
        fields.serialize_field("templateId", &self.0.id())?;
        fields.serialize_field("template", self.0.name())?;
        fields.end()
    }
}

impl JsonSchema for TemplateName {
    fn schema_name() -> Cow<'static, str> {
        "TemplateName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let all = || Template::ALL.into_iter().chain([Template::Custom]);
        let (ids, names): (Vec<_>, Vec<_>) = (all().map(Template::id).collect(), all().map(Template::name).collect());
        json_schema!({
            "type": "object",
            "properties": {
                "templateId": {"type": "integer", "enum": ids, "description": "Number of the layout template."},
                "template": {"type": "string", "enum": names, "description": "Its name."},
            },
            "required": ["templateId", "template"],
        })
    }
}

/// A connection that was just made or grown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    /// Its lives, in the order of their places: the inviter first, then by joining time.
    pub connected: Vec<LiveId>,
    /// Its template.
    #[serde(flatten)]
    pub template: TemplateName,
}

/// Connection and pending requests of a live. Requests are between hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CoHost {
    /// The connection's lives in the order of their places; empty when there is none.
    pub connected: Vec<LiveId>,
    /// The template, also while alone.
    #[serde(flatten)]
    pub template: TemplateName,
    /// The connected hosts, this live's own among them.
    pub hosts: Vec<Host>,
    /// Whom this live has invited.
    pub invitees: Vec<Host>,
    /// Who has invited this live.
    pub applicant: Option<Host>,
}

impl CoHost {
    /// Takes the pending requests away, for those who only watch.
    pub fn hide_invitations(&mut self) {
        self.invitees.clear();
        self.applicant = None;
    }
}
