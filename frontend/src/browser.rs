//! Everything that is asked of the browser, each kind in a thin file of its own. On native targets, where the tests
//! run, the same functions answer plainly or do nothing.

pub mod clock;

use crate::state::Chat;

/// Makes the state, connects it to the browser and starts it.
pub fn start() -> Chat {
    Chat::new(std::rc::Rc::new(crate::state::Nowhere))
}
