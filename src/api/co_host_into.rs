//! From a request to the rules' own type.

use super::co_host::{RequestConnection, TemplateIn};
use super::ids::live_id;
use super::problem::Problem;
use crate::live::LiveId;
use crate::live::command::{ConnectionRequest, TemplateRef};

impl TryFrom<(LiveId, RequestConnection)> for ConnectionRequest {
    type Error = Problem;

    fn try_from((live, request): (LiveId, RequestConnection)) -> Result<Self, Problem> {
        let targets = request.target_live_ids.iter().map(|target| live_id("targetLiveIds", target));
        Ok(Self {
            live,
            targets: targets.collect::<Result<_, _>>()?,
            template: request.layout_template.map(TemplateRef::from),
            timeout_seconds: request.timeout_seconds,
            extension_info: request.extension_info.unwrap_or_default(),
        })
    }
}

impl From<TemplateIn> for TemplateRef {
    fn from(template: TemplateIn) -> Self {
        match template {
            TemplateIn::Id(id) => Self::Id(id),
            TemplateIn::Name(name) => Self::Name(name),
        }
    }
}
