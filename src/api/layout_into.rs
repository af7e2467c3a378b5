//! From a request to the rules' own type.

use super::cases::Case;
use super::ids::live_id;
use super::layout::{ChooseLayout, FitIn, RegionIn, SourceIn};
use super::object::Object;
use super::problem::Problem;
use crate::live::command::{Fit, LayoutWish, RegionWish, TemplateRef};

impl TryFrom<ChooseLayout> for LayoutWish {
    type Error = Problem;

    fn try_from(body: ChooseLayout) -> Result<Self, Problem> {
        let refused = |detail: &str| Err(Problem::new(Case::BadRequest, detail));
        match (body.layout_template, body.regions) {
            (Some(template), None) => Ok(Self::Template(TemplateRef::from(template))),
            (None, Some(regions)) => {
                let regions = regions.into_iter().enumerate().map(|(index, Object(region))| wish(index, region));
                Ok(Self::Regions(regions.collect::<Result<_, _>>()?))
            }
            (None, None) => {
                refused("`layoutTemplate` is missing; name a template or its number, or send `regions` of your own")
            }
            (Some(_), Some(_)) => refused("`layoutTemplate` and `regions` exclude each other; send one of them"),
        }
    }
}

fn wish(index: usize, region: RegionIn) -> Result<RegionWish, Problem> {
    let RegionIn { x, y, w, h, z, fit, corner_radius, source: Object(SourceIn { live_id: live, seat_index }) } = region;
    let live = live_id(&format!("regions[{index}].source.liveId"), &live)?;
    Ok(RegionWish { x, y, w, h, z, fit: fit.into(), corner_radius, live, seat: seat_index })
}

impl From<FitIn> for Fit {
    fn from(fit: FitIn) -> Self {
        match fit {
            FitIn::Cover => Self::Cover,
            FitIn::Contain => Self::Contain,
            FitIn::Fill => Self::Fill,
        }
    }
}
