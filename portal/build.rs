//! The embedded folder must exist, so that the product builds on a machine without node: pages are
//! then plain HTML.

fn main() {
    println!("cargo:rerun-if-changed=assets/dist");
    if !std::path::Path::new("assets/dist/manifest.json").exists() {
        if let Err(error) = std::fs::create_dir_all("assets/dist") {
            println!("cargo:warning=assets/dist cannot be made: {error}");
        }
        println!("cargo:warning=assets are not built: run `make assets` for styled pages");
    }
}
