//! The page as a program. All code is in the library, where tests reach it.

fn main() {
    frontend::start();
}
