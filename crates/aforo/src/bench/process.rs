//! What a process costs, read from `/proc`, and how large the files of a store become. On a system without `/proc` there are no numbers, never
//! wrong ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// The kernel counts CPU time in these; Linux shows hundredths of a second on every architecture this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// More files than this are not watched.
const MOST_FILES: usize = 32;

/// What a server used while it was watched.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// User and system CPU seconds.
    pub cpu_seconds: f64,
    /// The most memory it ever held, in MiB.
    pub peak_rss_mb: f64,
    /// The largest size of each file of its data directory, in MiB.
    pub largest_file_mb: BTreeMap<String, f64>,
    /// How far the journal ever was ahead of the tables: journal rows, and MiB of them.
    pub largest_lag: (f64, f64),
}

/// A server process of our own and its data directory.
pub struct Watched {
    process: String,
    dir: PathBuf,
    cpu_before: Option<f64>,
    usage: Usage,
}

impl Watched {
    /// Process `pid` with its files in `dir`.
    pub fn new(pid: u32, dir: PathBuf) -> Self {
        Self { process: pid.to_string(), dir, cpu_before: None, usage: Usage::default() }
    }

    /// Counts from here.
    pub fn begin(&mut self) {
        self.cpu_before = cpu_seconds(&self.process);
    }

    /// Looks once more. What the process used stays known when it is gone.
    pub fn look(&mut self) {
        if let Some(used) = self.cpu_seconds() {
            self.usage.cpu_seconds = used;
        }
        if let Some(peak) = status_mb(&self.process, "VmHWM:") {
            self.usage.peak_rss_mb = peak;
        }
        for (name, size) in files(&self.dir) {
            let largest = self.usage.largest_file_mb.entry(name).or_default();
            *largest = largest.max(size);
        }
    }

    /// Takes in how far the journal is ahead of the tables, as the server's metrics say.
    pub fn lag(&mut self, metrics: &str) {
        let value = |name: &str| metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok()).unwrap_or_default();
        let (rows, bytes) = (value("aforo_engine_lag_rows "), value("aforo_engine_lag_bytes "));
        let largest = &mut self.usage.largest_lag;
        *largest = (largest.0.max(rows), largest.1.max(bytes / f64::from(1 << 20)));
    }

    /// CPU seconds it used since [`Watched::begin`].
    pub fn cpu_seconds(&self) -> Option<f64> {
        Some(cpu_seconds(&self.process)? - self.cpu_before?)
    }

    /// The memory it holds now, in MiB.
    pub fn rss_mb(&self) -> Option<f64> {
        status_mb(&self.process, "VmRSS:")
    }

    /// What it used since [`Watched::begin`]; `None` where that cannot be seen.
    pub fn end(&mut self) -> Option<Usage> {
        self.look();
        self.cpu_before.map(|_| self.usage.clone())
    }
}

/// CPU seconds of the whole machine so far: spent on anything at all, and there to be spent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine {
    /// Spent on anything.
    pub busy: f64,
    /// There to be spent, on all cores.
    pub all: f64,
}

impl Machine {
    /// Up to now; `None` where that cannot be seen.
    pub fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// User, nice, system, idle, waiting for disks, interrupts (two kinds), stolen; what follows is counted in these already.
    fn parse(stat: &str) -> Option<Self> {
        let ticks: Vec<f64> = stat.lines().next()?.split_whitespace().skip(1).take(8).map_while(|field| field.parse().ok()).collect();
        let all = ticks.iter().sum::<f64>() / TICKS_PER_SECOND;
        let idle = (ticks.get(3)? + ticks.get(4)?) / TICKS_PER_SECOND;
        Some(Self { busy: all - idle, all })
    }
}

/// CPU seconds of this process so far; 0 where that cannot be seen.
pub fn own_cpu_seconds() -> f64 {
    cpu_seconds("self").unwrap_or_default()
}

fn cpu_seconds(process: &str) -> Option<f64> {
    parse_cpu(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// User and system time are fields 14 and 15; the name in field 2 may hold anything, so counting starts behind its bracket.
fn parse_cpu(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn status_mb(process: &str, field: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kib: f64 = status.lines().find_map(|line| line.strip_prefix(field))?.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

fn files(dir: &PathBuf) -> Vec<(String, f64)> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let size = |entry: fs::DirEntry| {
        let file = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some((entry.file_name().to_string_lossy().into_owned(), file.len() as f64 / f64::from(1 << 20)))
    };
    entries.flatten().take(MOST_FILES).filter_map(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_an_odd_name_is_read_all_the_same() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 250 150 0 0 20 0 5 0 1000 1 1 1";
        assert_eq!(parse_cpu(stat), Some(4.0));
        assert_eq!(parse_cpu("nonsense"), None);
    }

    #[test]
    fn a_waiting_machine_is_not_a_busy_one() {
        let Machine { busy, all } = Machine::parse("cpu  100 0 50 700 100 0 40 10 30 0\ncpu0 1 1").unwrap();
        assert_eq!((busy, all), (2.0, 10.0));
        assert!(Machine::parse("intr 1").is_none());
    }

    #[test]
    fn work_shows_as_cpu_and_memory_of_this_process() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("journal.db"), vec![1; 1 << 20]).unwrap();
        let mut watched = Watched::new(std::process::id(), dir.path().to_owned());
        watched.begin();
        let mut sum = 0u64;
        while own_cpu_seconds() < 0.05 {
            sum = (0..1_000_000u64).fold(sum, |sum, n| std::hint::black_box(sum ^ n));
        }
        watched.lag("# HELP aforo_engine_lag_rows x\naforo_engine_lag_rows 7\naforo_engine_lag_bytes 2097152\n");
        watched.lag("aforo_engine_lag_rows 3\n");
        let usage = watched.end().unwrap();
        assert_eq!(usage.largest_lag, (7.0, 2.0));
        assert!(usage.peak_rss_mb > 1.0 && watched.rss_mb().unwrap() > 1.0);
        assert!((usage.largest_file_mb["journal.db"] - 1.0).abs() < 0.001);
    }
}
