//! Any text as a `doorward.toml`.
#![no_main]

use doorward::serve::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(config) = Config::of_text(text) else { return };
    // Read again it is the same, and a key that is not known is never passed over.
    assert_eq!(format!("{:?}", Config::of_text(text).unwrap()), format!("{config:?}"));
    assert!(Config::of_text(&format!("no_such_setting = 1\n{text}")).is_err());
});
