//! Asking the control thread, from async code.

use tokio::sync::oneshot;

use super::answers::Done;
use super::cases::Case;
use super::problem::Problem;
use super::state::ApiState;
use crate::live::{Answer, Command, Refusal};

/// Sends a command and waits for its answer, which comes only after its effects are written down.
///
/// # Errors
/// The refusal, by the table.
pub(super) async fn ask(state: &ApiState, command: Command) -> Result<Answer, Problem> {
    let (reply, answer) = oneshot::channel();
    // A caller that hung up does not want its answer any more.
    state.control.ask(command, Box::new(move |result| drop(reply.send(result))));
    // The control thread drops replies unanswered only when it ends.
    let answer: Result<Answer, Refusal> = answer.await.unwrap_or(Err(Refusal::Closing));
    answer.map_err(Problem::from)
}

/// Asks for something that has no answer but that it is done: 204.
///
/// # Errors
/// The refusal, by the table.
pub(super) async fn done(state: &ApiState, command: Command) -> Result<Done, Problem> {
    let Answer::Done = ask(state, command).await? else { return Err(unexpected()) };
    Ok(Done)
}

/// An answer of another kind than the command's: a bug of ours.
pub(super) fn unexpected() -> Problem {
    tracing::error!("the control thread answered something else than was asked");
    Problem::new(Case::Internal, "an error inside the server; it was logged")
}

/// Asks, and is what the answer holds, which is of this kind: `asked!(state, Command::FindLive(live) => Live)`. In a
/// function that answers `Result<_, Problem>`. Which kind of answer a command has, its own doc says.
macro_rules! asked {
    ($state:expr, $command:expr => $kind:ident) => {{
        let $crate::live::Answer::$kind(found) = $crate::api::ask::ask(&$state, $command).await? else {
            return Err($crate::api::ask::unexpected());
        };
        found
    }};
}
pub(super) use asked;
