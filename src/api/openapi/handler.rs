//! What a handler's own types say about its operation.

use std::future::Future;

use super::sketch::Sketch;

/// An argument of a handler: what of a request it reads, and what it may refuse.
pub(in crate::api) trait Takes {
    /// Adds it to the operation.
    fn describe(sketch: &mut Sketch<'_>);
}

/// What a handler returns: how a request is answered.
pub(in crate::api) trait Answers {
    /// Adds it to the operation.
    fn describe(sketch: &mut Sketch<'_>);
}

/// A handler of which every argument and the answer describe themselves. `T` is axum's own list of its arguments.
pub(in crate::api) trait Described<T> {
    /// Adds all of them to the operation.
    fn describe(sketch: &mut Sketch<'_>);
}

impl<F, Answered, Answer> Described<((),)> for F
where
    F: FnOnce() -> Answered,
    Answered: Future<Output = Answer>,
    Answer: Answers,
{
    fn describe(sketch: &mut Sketch<'_>) {
        Answer::describe(sketch);
    }
}

macro_rules! described {
    ($($argument:ident)+) => {
        impl<F, Answered, Answer, Way, $($argument),+> Described<(Way, $($argument,)+)> for F
        where
            F: FnOnce($($argument),+) -> Answered,
            Answered: Future<Output = Answer>,
            Answer: Answers,
            $($argument: Takes,)+
        {
            fn describe(sketch: &mut Sketch<'_>) {
                $($argument::describe(sketch);)+
                Answer::describe(sketch);
            }
        }
    };
}

described!(A);
described!(A B);
described!(A B C);
described!(A B C D);
described!(A B C D E);
described!(A B C D E G);
