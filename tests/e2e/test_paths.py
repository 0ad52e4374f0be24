"""`derptop paths`: which files are used, where they are looked for, and whether each is there."""

import re

import program

SECRET = "s3cret-token"


def paths(*flags, **changes):
    done = program.run("paths", *flags, env=program.environment(**changes))
    assert (done.returncode, done.stderr) == (0, "") and SECRET not in done.stdout, done
    return done.stdout


def by_name(*flags, **changes):
    *files, summary = program.json_lines(paths("--json", *flags, **changes))
    return {one["name"]: one for one in files}, summary


def at_home(home):
    """The environment of a user who has signed in and set nothing."""
    coder = home / ".config" / "coderv2"
    coder.mkdir(parents=True)
    (coder / "url").write_text("https://coder.example.com\n")
    (coder / "session").write_text(SECRET)
    return {"HOME": str(home), "CODER_CONFIG_DIR": None, "XDG_CONFIG_HOME": None, "XDG_STATE_HOME": None,
            "XDG_CACHE_HOME": None, "SSL_CERT_FILE": None}


def test_all_files_are_below_the_home_of_the_user(tmp_path):
    files, summary = by_name(**at_home(tmp_path))
    assert {name: (file["path"].removeprefix(str(tmp_path)), file["state"])
            for name, file in files.items() if name not in ("kept_files", "log")} == {
        "settings": ("/.config/derptop/config.json", "not there"),
        "url": ("/.config/coderv2/url", "there"),
        "session": ("/.config/coderv2/session", "there"),
        "favourites": ("/.local/state/derptop/favourites-coder.example.com", "not there"),
        "muted": ("/.local/state/derptop/muted-coder.example.com", "not there"),
        "aws_ranges": ("/.cache/derptop/aws-ip-ranges.json", "not there"),
    }
    assert files["kept_files"]["exists"] and files["log"]["path"] is None
    assert all(file["used"] for file in files.values()) and summary["deployment"] == "coder.example.com"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["session", "url"], "it only looks"


def test_what_wins_over_a_file_is_named(tmp_path):
    env = at_home(tmp_path)
    env.update(CODER_SESSION_TOKEN=SECRET, CODER_HEADER_COMMAND=f"touch {tmp_path}/ran")
    files, summary = by_name("--url", "https://other.example.com:8443", **env)
    assert (files["url"]["used"], files["url"]["note"]) == (False, "not used: --url is set")
    assert (files["session"]["used"], files["session"]["note"]) == (False, "not used: CODER_SESSION_TOKEN is set")
    assert files["favourites"]["path"].endswith("favourites-other.example.com_8443")
    assert summary["deployment"] == "other.example.com:8443"
    assert not (tmp_path / "ran").exists(), "no header command is run for it"


def test_xdg_folders_flags_and_tls_files_are_followed(tmp_path):
    settings = tmp_path / "mine.json"
    settings.write_text("no settings at all")
    files, _ = by_name("--config", str(settings), "--client-tls-cert-file", "/nonexistent/cert.pem",
                       **{**at_home(tmp_path), "XDG_STATE_HOME": "/state", "XDG_CACHE_HOME": "/cache",
                          "SSL_CERT_FILE": "/nonexistent/ca.pem"})
    assert (files["settings"]["path"], files["settings"]["state"]) == (str(settings), "there")
    assert files["favourites"]["path"] == "/state/derptop/favourites-coder.example.com"
    assert files["aws_ranges"]["path"] == "/cache/derptop/aws-ip-ranges.json"
    assert [files[name]["state"] for name in ("ca_file", "cert_file")] == ["not there"] * 2
    assert "key_file" not in files


def test_as_text_it_is_a_line_for_each_file(tmp_path):
    text = paths(**at_home(tmp_path))
    assert re.search(rf"^session     there       {tmp_path}/.config/coderv2/session$", text, re.M), text
    assert re.search(r"^log         none        - \(none is kept; -v prints it on stderr\)$", text, re.M)


def test_without_a_home_there_is_no_place_and_no_failure():
    files, summary = by_name(HOME=None, CODER_CONFIG_DIR=None, XDG_CONFIG_HOME=None, XDG_STATE_HOME=None,
                             XDG_CACHE_HOME=None)
    for name in ("settings", "url", "session", "favourites", "muted", "aws_ranges"):
        assert (files[name]["path"], files[name]["state"]) == (None, "none"), files[name]
    assert summary["deployment"] == ""


def test_a_name_cannot_move_the_cursor():
    text = paths(CODER_CONFIG_DIR="/tmp/\x1b[2J\x1b]0;x\x07")
    assert "\x1b" not in text and "\x07" not in text
