//! Requests of one live to another to be connected.

use super::{Allowed, Model, Outcome, Request, refuse, refuse_at, short, within};
use crate::command::Wish;
use crate::said::{Answer, Case, Event, Refusal};
use crate::twist::Twist;
use crate::words::Text;

/// The product's answer codes.
const SUCCESS: u64 = 0;
const ROOM_NOT_EXIST: u64 = 1;
const CONNECTING: u64 = 2;
const CONNECTING_OTHER_ROOM: u64 = 3;
const FULL: u64 = 4;
const RETRY: u64 = 5;

/// Requests of one live that may be pending.
const PENDING_MAX: usize = 16;

impl Model {
    /// Each target is asked on its own; with a single one that failed, the refusal says why.
    pub(super) fn request(
        &mut self,
        from: Text,
        targets: &[Text],
        template: Option<Wish>,
        seconds: Option<u64>,
        extension: Text,
    ) -> Outcome {
        let template = template.map(super::layouts::find_shared).transpose()?;
        let seconds = within("timeoutSeconds", seconds.unwrap_or(30), 1, 120)?;
        short("extensionInfo", extension, 2_048)?;
        let twice = (1..targets.len()).any(|i| targets[..i].contains(&targets[i]));
        if targets.is_empty() || targets.len() > 8 || twice || targets.contains(&from) {
            return refuse(Case::Invalid, "targetLiveIds");
        }
        self.known(from)?;
        let mut results = Vec::new();
        for &to in targets {
            let why = match self.may_ask(from, to, template) {
                Err(why) => Some(why),
                Ok(true) => self.accept(from, to).err(),
                Ok(false) => {
                    let request = Request { from, to, template, expires: self.now + 1_000 * seconds };
                    self.invite_live(request, extension);
                    None
                }
            };
            if let (Some(why), 1) = (why, targets.len()) {
                return Err(why);
            }
            results.push((to, why.map_or(SUCCESS, code)));
        }
        Ok(Answer::Requested(results))
    }

    /// Whether `from` may ask `to`, and whether `to` has asked it already, so that both want it.
    fn may_ask(&self, from: Text, to: Text, template: Option<u64>) -> Allowed<bool> {
        let Some(target) = self.live(to) else { return refuse(Case::NoSuchLive, to) };
        if self.request_to(from).is_some_and(|request| request.from == to)
            && self.twist != Some(Twist::CrossingRequestsWait)
        {
            return Ok(true);
        }
        match self.request_to(to) {
            Some(request) if request.from == from => return refuse(Case::RequestPending, to),
            Some(_) => return refuse(Case::ConnectedElsewhere, to),
            None => {}
        }
        if let Some(other) = self.connection_of(to) {
            let yours = other.members.contains(&from);
            return refuse(if yours { Case::AlreadyConnected } else { Case::ConnectedElsewhere }, to);
        }
        self.check_place(from, self.template_of(from, template))?;
        self.check_other_users(from, target.owner.id)?;
        if self.requests.iter().filter(|request| request.from == from).count() >= PENDING_MAX {
            return refuse_at(Case::TooManyRequests, from, 0);
        }
        Ok(false)
    }

    fn invite_live(&mut self, request: Request, extension: Text) {
        let Request { from, to, template, expires } = request;
        let template = self.template_of(from, template);
        let inviter = self.live_mut(from).host();
        self.requests.push(request);
        self.tell(vec![to], Event::RequestReceived { inviter, extension, template, expires });
    }

    pub(super) fn request_to(&self, to: &str) -> Option<Request> {
        self.requests.iter().copied().find(|request| request.to == to)
    }

    /// One more fits into what `from` is in.
    fn check_place(&self, from: Text, template: u64) -> Allowed {
        let places = super::layouts::capacity(template) - usize::from(self.twist == Some(Twist::OnePlaceLess));
        if self.together(from).len() >= places { refuse(Case::ConnectionFull, "") } else { Ok(()) }
    }

    /// Points are kept by user, so nobody is in a connection twice.
    fn check_other_users(&self, from: Text, user: Text) -> Allowed {
        let twice = |live: &Text| self.live(live).is_some_and(|live| live.owner.id == user);
        if self.together(from).iter().any(twice) { refuse(Case::UserConnectedTwice, user) } else { Ok(()) }
    }

    fn pending(&self, from: Text, to: Text) -> Allowed<Request> {
        self.known(to)?;
        let request = self.request_to(to).filter(|request| request.from == from);
        request.map_or_else(|| refuse(Case::NoSuchRequest, from), Ok)
    }

    pub(super) fn accept(&mut self, to: Text, from: Text) -> Outcome {
        let request = self.pending(from, to)?;
        let template = self.template_of(from, request.template);
        self.check_place(from, template)?;
        self.check_other_users(from, self.known(to)?.owner.id)?;
        self.requests.retain(|request| request.to != to);
        Ok(self.connect(from, to, template))
    }

    pub(super) fn reject(&mut self, to: Text, from: Text) -> Outcome {
        self.pending(from, to)?;
        self.reject_request_to(to);
        Ok(Answer::Done)
    }

    pub(super) fn cancel(&mut self, from: Text, to: Text) -> Outcome {
        self.pending(from, to)?;
        self.cancel_request(to);
        Ok(Answer::Done)
    }

    /// The request to `to` is over, if there is one, with this event to these sides.
    fn close(&mut self, to: Text) -> Option<Request> {
        let request = self.request_to(to)?;
        self.requests.retain(|request| request.to != to);
        Some(request)
    }

    pub(super) fn reject_request_to(&mut self, to: Text) {
        if let Some(Request { from, .. }) = self.close(to) {
            let (inviter, invitee) = (self.live_mut(from).host(), self.live_mut(to).host());
            self.tell(vec![from, to], Event::RequestRejected { inviter, invitee });
        }
    }

    pub(super) fn cancel_request(&mut self, to: Text) {
        if let Some(Request { from, .. }) = self.close(to) {
            let (inviter, invitee) = (self.live_mut(from).host(), self.live_mut(to).host());
            self.tell(vec![from, to], Event::RequestCancelled { inviter, invitee });
        }
    }

    pub(super) fn time_out_request(&mut self, to: Text) {
        if let Some(Request { from, .. }) = self.close(to) {
            let (inviter, invitee) = (self.live_mut(from).host(), self.live_mut(to).host());
            self.tell(vec![from, to], Event::RequestTimeout { inviter, invitee });
        }
    }

    /// Whom a live has asked, in the order of ids.
    pub(super) fn asked_by(&self, from: &str) -> Vec<Text> {
        let mut asked: Vec<_> =
            self.requests.iter().filter(|request| request.from == from).map(|request| request.to).collect();
        asked.sort_unstable();
        asked
    }

    pub(super) fn cancel_requests_by(&mut self, from: Text) {
        for to in self.asked_by(from) {
            self.cancel_request(to);
        }
    }

    /// Who goes away: its own requests are cancelled, the one to it counts as rejected.
    pub(super) fn withdraw_requests(&mut self, live: Text) {
        self.cancel_requests_by(live);
        self.reject_request_to(live);
    }
}

/// A refusal, as the code of one target of several.
fn code(why: Refusal<'static>) -> u64 {
    match why.case {
        Case::NoSuchLive => ROOM_NOT_EXIST,
        Case::RequestPending | Case::AlreadyConnected | Case::UserConnectedTwice => CONNECTING,
        Case::ConnectedElsewhere => CONNECTING_OTHER_ROOM,
        Case::ConnectionFull => FULL,
        Case::TooManyRequests => RETRY,
        other => unreachable!("{other:?} is not about one target"),
    }
}
