//! The mails that a test's server writes into files, since it has no mail server.

use crate::spawn::TestServer;
use crate::wait::until;

/// All of them, the first sent first; soft breaks of their texts' lines are taken out.
pub fn mails(server: &TestServer) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(server.dir().join("mail")) else { return Vec::new() };
    let mut paths: Vec<_> = files.flatten().map(|file| file.path()).collect();
    paths.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read_to_string(path).ok()).map(|mail| readable(&mail)).collect()
}

/// What is attached is no text, and stays as it is.
fn readable(mail: &str) -> String {
    let (text, attached) = mail.split_at(mail.find("Content-Disposition: attachment").unwrap_or(mail.len()));
    text.replace("=\r\n", "") + attached
}

/// The mails that have all of these words, once there are so many.
///
/// # Panics
/// If there are more, or not so many in time.
pub fn mails_with(server: &TestServer, words: &[&str], count: usize) -> Vec<String> {
    let found = || {
        let mut all = mails(server);
        all.retain(|mail| words.iter().all(|word| mail.contains(word)));
        all
    };
    until(&format!("{count} mails with {words:?}"), || found().len() >= count);
    let found = found();
    assert_eq!(found.len(), count, "mails with {words:?}");
    found
}
