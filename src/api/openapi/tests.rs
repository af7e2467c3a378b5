//! What the document itself must be; whether it is true, the tests of the API say.

use super::*;
