//! The page, as a program: everything is in the library, where it can be tested.

fn main() {
    frontend::start();
}
