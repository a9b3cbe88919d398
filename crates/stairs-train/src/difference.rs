//! What is compared when a directory is gone on with: the configuration that made it and the one that is asked for, as their files
//! have them.

use serde::Serialize;

/// The first field in which two configurations differ: its dotted name below `root` and its value in each; `None` where they agree.
///
/// ```
/// use stairs_train::{RunConfig, difference};
/// let [found, expected] = [3, 4].map(|seed| RunConfig::default().with_seed(seed));
/// assert_eq!(difference("", &found, &expected), Some(("seed".into(), "3".into(), "4".into())));
/// assert_eq!(difference("", &found, &found), None);
/// ```
pub fn difference<T: Serialize>(root: &str, found: &T, expected: &T) -> Option<(String, String, String)> {
    let json = |value| serde_json::to_value(value).unwrap_or_default();
    differ(root, &json(found), &json(expected))
}

fn differ(path: &str, found: &serde_json::Value, expected: &serde_json::Value) -> Option<(String, String, String)> {
    use serde_json::Value;
    if let (Value::Object(found), Value::Object(expected)) = (found, expected) {
        let absent = Value::Null;
        return found.keys().chain(expected.keys()).find_map(|key| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            differ(&path, found.get(key).unwrap_or(&absent), expected.get(key).unwrap_or(&absent))
        });
    }
    let show = |value: &Value| if value.is_null() { "not set".into() } else { value.to_string() };
    (found != expected).then(|| (path.to_string(), show(found), show(expected)))
}
