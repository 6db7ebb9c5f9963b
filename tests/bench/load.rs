//! Asking over HTTP: a plain keep-alive client that costs little beside the servers it measures, and many of them at once.

use anyhow::{Context, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// One answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Name=value of the cookie, when the server set one.
    pub(crate) cookie: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// A connection that is kept open.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    line: String,
}

impl Connection {
    /// Opens a connection to `http://HOST:PORT`.
    ///
    /// # Errors
    /// When nobody listens.
    pub(crate) fn open(url: &str) -> anyhow::Result<Self> {
        let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let stream = TcpStream::connect(&host).with_context(|| format!("no connection to {host}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream: BufReader::with_capacity(64 << 10, stream), host, line: String::new() })
    }

    /// Asks with GET; `headers` are whole lines.
    ///
    /// # Errors
    /// When the connection breaks or the answer is not understood.
    pub(crate) fn get(&mut self, path: &str, headers: &str) -> anyhow::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", self.host);
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.answer()
    }

    /// Sends JSON with POST.
    ///
    /// # Errors
    /// As [`Connection::get`].
    pub(crate) fn post(&mut self, path: &str, headers: &str, body: &str) -> anyhow::Result<Answer> {
        let (host, length) = (&self.host, body.len());
        let request =
            format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> anyhow::Result<Answer> {
        self.read_line()?;
        let mut answer = Answer { status: self.line.get(9..12).unwrap_or("").parse().context("no HTTP status")?, ..Answer::default() };
        let (mut length, mut chunked) = (None, false);
        loop {
            self.read_line()?;
            let Some((name, value)) = self.line.trim_end().split_once(": ") else { break };
            if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse()?);
            } else if name.eq_ignore_ascii_case("set-cookie") {
                answer.cookie = value.split(';').next().map(str::to_owned);
            }
        }
        if answer.status == 204 || answer.status == 304 {
            return Ok(answer);
        }
        if chunked {
            self.chunks(&mut answer.body)?;
            return Ok(answer);
        }
        answer.body = vec![0; length.context("an answer without a length")?];
        self.stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }

    /// A body in pieces: a length in hexadecimal, the piece, and in the end a piece of nothing.
    fn chunks(&mut self, body: &mut Vec<u8>) -> anyhow::Result<()> {
        loop {
            self.read_line()?;
            let length = usize::from_str_radix(self.line.trim(), 16).context("no length of a piece")?;
            let from = body.len();
            body.resize(from + length, 0);
            self.stream.read_exact(&mut body[from..])?;
            self.read_line()?;
            if length == 0 {
                return Ok(());
            }
        }
    }

    fn read_line(&mut self) -> anyhow::Result<()> {
        self.line.clear();
        if self.stream.read_line(&mut self.line)? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// What came of many requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Answers per second.
    pub(crate) rate: f64,
    /// Half of the answers came within this, seconds.
    pub(crate) p50: f64,
    /// 99 of 100 answers came within this, seconds.
    pub(crate) p99: f64,
}

/// Asks for these paths one after the other on several connections until the time is over.
///
/// # Errors
/// When an answer is not 200.
pub(crate) fn load(url: &str, connections: usize, slice: Duration, paths: &[String], headers: &str) -> anyhow::Result<Load> {
    many(connections, slice, |number| {
        let mut connection = Connection::open(url)?;
        let mut at = number * paths.len() / connections;
        Ok(move || {
            at = (at + 1) % paths.len();
            let answer = connection.get(&paths[at], headers)?;
            if answer.status == 200 { Ok(()) } else { bail!("{} answered {}", paths[at], answer.status) }
        })
    })
}

/// Does something on several threads until the time is over. `prepare` gives each thread its work, before the clock starts.
///
/// # Errors
/// The first error of a thread.
pub(crate) fn many<W: FnMut() -> anyhow::Result<()> + Send>(
    threads: usize,
    slice: Duration,
    prepare: impl Fn(usize) -> anyhow::Result<W>,
) -> anyhow::Result<Load> {
    let workers = (0..threads).map(&prepare).collect::<anyhow::Result<Vec<W>>>()?;
    let started = Instant::now();
    let times = std::thread::scope(|scope| {
        let running: Vec<_> = workers.into_iter().map(|work| scope.spawn(move || until(started + slice, work))).collect();
        let mut times = Vec::new();
        for thread in running {
            times.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        anyhow::Ok(times)
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let mut sorted = times;
    sorted.sort_unstable();
    let within =
        |share: usize| sorted.get(sorted.len() * share / 100).or(sorted.last()).map(Duration::as_secs_f64).context("nothing was done in time");
    Ok(Load { rate: sorted.len() as f64 / seconds, p50: within(50)?, p99: within(99)? })
}

fn until(end: Instant, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    loop {
        let started = Instant::now();
        if started >= end {
            return Ok(times);
        }
        work()?;
        times.push(started.elapsed());
    }
}
