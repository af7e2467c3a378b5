//! What `costage webhooks list` prints.

use crate::engine::outbox_log::{DeadLetter, DeliveryLog, LogFault, OutboxLog, Standing};
use crate::live::WallMs;

/// All endpoints. Without an outbox nobody knows what waits.
pub(super) fn standings(
    deliveries: &dyn DeliveryLog,
    outbox: Option<&dyn OutboxLog>,
    now: WallMs,
) -> Result<String, LogFault> {
    let mut text = String::new();
    for standing in deliveries.standings()? {
        let backlog = outbox.map(|outbox| outbox.backlog(standing.cursor, standing.kinds.as_ref())).transpose()?;
        let gone = standing.gone_since.map(|since| format!("   (not configured since {})", since.rfc3339()));
        text += &format!("{}{}\n", standing.endpoint, gone.unwrap_or_default());
        line(&mut text, "delivered", format!("{}, up to event {}", standing.delivered, standing.cursor));
        let waiting = match backlog {
            None => "unknown: there is no outbox here".to_owned(),
            Some(backlog) => match backlog.oldest {
                None => "nothing".to_owned(),
                Some(oldest) => format!("{}, the oldest for {}", backlog.events, ago(oldest, now)),
            },
        };
        line(&mut text, "waiting", waiting);
        tell_trouble(&mut text, &standing, now);
        let wanted =
            if standing.wanted > 0 { format!(", {} to be sent again", standing.wanted) } else { String::new() };
        line(&mut text, "dead", format!("{}{wanted}", standing.dead));
    }
    if text.is_empty() {
        text.push_str("no endpoint has been configured yet: see [[webhooks]] in costage.sample.toml\n");
    }
    Ok(text)
}

fn line(text: &mut String, what: &str, value: String) {
    text.push_str(&format!("  {what:<11}{value}\n"));
}

fn tell_trouble(text: &mut String, standing: &Standing, now: WallMs) {
    let Some(trouble) = &standing.trouble else { return };
    let since = standing.failing_since.map_or_else(String::new, |since| format!(" for {}", ago(since, now)));
    line(text, "failing", format!("event {}, {} attempts{since}: {}", trouble.seq, trouble.attempts, trouble.error));
    let left = trouble.next_try.since(now).as_secs();
    line(text, "next try", if left == 0 { "now".to_owned() } else { format!("in {left} s") });
}

/// Dead letters, one after the other.
pub(super) fn letters(letters: &[DeadLetter]) -> String {
    let mut text = String::new();
    for DeadLetter { endpoint, row, attempts, died, error, wanted } in letters {
        let again = if *wanted { "   (to be sent again)" } else { "" };
        text += &format!("\n{}  {}  {endpoint}{again}\n", row.id, row.kind);
        line(&mut text, "happened", format!("{}, given up {}", row.at.rfc3339(), died.rfc3339()));
        line(&mut text, "attempts", format!("{attempts}: {error}"));
        line(&mut text, "body", row.body.clone());
    }
    text
}

/// How long ago: in the largest whole unit.
fn ago(then: WallMs, now: WallMs) -> String {
    match now.since(then).as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds @ 7_200..=172_799 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::outbox_log::{Configured, OutboxRow, StoreId, Trouble};
    use crate::live::{Callback, CallbackKind, LiveId};
    use crate::store::{Deliveries, MemoryOutbox};

    #[test]
    fn each_endpoint_says_what_waits_what_fails_and_what_is_dead() {
        let deliveries = Deliveries::in_memory().unwrap();
        assert!(standings(&deliveries, None, WallMs(0)).unwrap().contains("[[webhooks]]"));
        let outbox = MemoryOutbox::new(StoreId([0; 16]));
        for name in ["choosy", "crm", "old"] {
            deliveries.begin(name, StoreId([0; 16]), 0).unwrap();
        }
        let (live, data) = (LiveId::new("a").unwrap(), serde_json::json!({}));
        let event = Callback { kind: CallbackKind::LiveEnded, live, at: WallMs(1_000), data };
        let other = Callback { kind: CallbackKind::HostOnline, ..event.clone() };
        outbox.append([event.clone(), other]);
        let (first_failure, next_try) = (WallMs(2_000), WallMs(642_000));
        let trouble = Trouble { seq: 1, attempts: 9, first_failure, next_try, error: "status 500".to_owned() };
        deliveries.trouble("crm", WallMs(2_000), &trouble).unwrap();
        let row = OutboxRow::of(StoreId([0; 16]), 1, &event);
        let (endpoint, error) = ("old".to_owned(), "no answer within 15 s".to_owned());
        let letter = DeadLetter { endpoint, row, attempts: 4_321, died: WallMs(600_000), error, wanted: false };
        deliveries.bury("old", 2, &[letter]).unwrap();
        let kinds = std::sync::Arc::new(["host.online".to_owned()].into());
        let choosy = Configured { name: "choosy".to_owned(), kinds: Some(kinds) };
        let crm = Configured { name: "crm".to_owned(), kinds: None };
        deliveries.configured(&[choosy, crm], WallMs(3_000)).unwrap();
        let told = standings(&deliveries, Some(&*outbox), WallMs(602_000)).unwrap();
        let wanted = "choosy
  delivered  0, up to event 0
  waiting    1, the oldest for 10 min
  dead       0
crm
  delivered  0, up to event 0
  waiting    2, the oldest for 10 min
  failing    event 1, 9 attempts for 10 min: status 500
  next try   in 40 s
  dead       0
old   (not configured since 1970-01-01T00:00:03.000Z)
  delivered  0, up to event 2
  waiting    nothing
  dead       1
";
        assert_eq!(told, wanted);
        let told = letters(&deliveries.dead(&Default::default(), 9).unwrap());
        assert!(told.contains("  attempts   4321: no answer within 15 s\n"), "{told}");
        assert!(
            told.contains(r#"body       {"type":"live.ended","timestamp":"1970-01-01T00:00:01.000Z","data":{}}"#),
            "{told}"
        );
    }
}
