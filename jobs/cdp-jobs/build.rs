//! The models in `sql/` are part of the program, so a new file there is a reason to build again.

fn main() {
    println!("cargo::rerun-if-changed=../../sql");
}
