import assert from "assert";
import { diskIn } from "../../../bench/report/site.ts";

Deno.test("the disk of a folder is its innermost mount", () => {
  const mounts =
    "/dev/a / ext4 rw\ntmpfs /tmp tmpfs rw\n/dev/b /tmp/x xfs rw\n/dev/c /tmp/xyz xfs rw\n";
  assert.equal(diskIn(mounts, "/var/tmp"), "ext4 on /dev/a");
  assert.equal(diskIn(mounts, "/tmp/y"), "tmpfs on tmpfs");
  assert.equal(diskIn(mounts, "/tmp/x/y"), "xfs on /dev/b");
  assert.equal(diskIn("", "/"), "unknown");
});
