/** Tests which facts of a system the header of the portable form reads, with trees of files. */
import assert from "assert";
import { fileURLToPath } from "node:url";
import { run } from "../integration/programs/isolated_process.ts";
import { TempFolder } from "../helpers/folders.ts";
import { testWith } from "../helpers/needs.ts";

const SCRIPT = fileURLToPath(new URL("../../tools/build/system_facts.sh", import.meta.url));

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max file size             FILE                 unlimited            bytes     
Max core file size        0                    unlimited            bytes     
Max open files            1024                 524288               files     
Max file locks            unlimited            unlimited            locks     
`;

/** The text of version 1 for no limit. */
const NONE = "9223372036854771712";

const G = "sys/fs/cgroup";

/** Files of systems, and the memory limit of each. */
const SYSTEMS: Readonly<Record<string, { files: Record<string, string>; memory: string }>> = {
  "version 2, in a container": {
    files: { "proc/self/cgroup": "0::/\n", [`${G}/memory.max`]: "250000000\n" },
    memory: "250000000",
  },
  "version 2, the limit is that of a group above": {
    files: {
      "proc/self/cgroup": "0::/user.slice/a b/app.scope\n",
      [`${G}/user.slice/memory.max`]: "300000000\n",
      [`${G}/user.slice/a b/memory.max`]: "250000000\n",
      [`${G}/user.slice/a b/app.scope/memory.max`]: "max\n",
    },
    memory: "250000000",
  },
  "version 2, the smallest is the outermost": {
    files: {
      "proc/self/cgroup": "0::/a/b\n",
      [`${G}/memory.max`]: "90000000\n",
      [`${G}/a/memory.max`]: "300000000\n",
      [`${G}/a/b/memory.max`]: "200000000\n",
    },
    memory: "90000000",
  },
  "version 2, without a limit": {
    files: { "proc/self/cgroup": "0::/a\n", [`${G}/a/memory.max`]: "max\n" },
    memory: "",
  },
  "version 1, nested": {
    files: {
      "proc/self/cgroup": "9:name=systemd:/x\n4:cpu,memory:/a/b\n0::/\n",
      [`${G}/memory/memory.limit_in_bytes`]: `${NONE}\n`,
      [`${G}/memory/a/memory.limit_in_bytes`]: "250003456\n",
      [`${G}/memory/a/b/memory.limit_in_bytes`]: `${NONE}\n`,
    },
    memory: "250003456",
  },
  "version 1, in a container that shows only its group": {
    files: {
      "proc/self/cgroup": "4:memory:/docker/0123abc\n",
      [`${G}/memory/memory.limit_in_bytes`]: "250003456\n",
    },
    memory: "250003456",
  },
  "both, and memory is in the unified hierarchy": {
    files: {
      "proc/self/cgroup": "1:name=systemd:/\n0::/a\n",
      [`${G}/unified/a/memory.max`]: "250000000\n",
    },
    memory: "250000000",
  },
  "a path outside of the namespace": {
    files: { "proc/self/cgroup": "0::/../other\n", [`${G}/memory.max`]: "250000000\n" },
    memory: "250000000",
  },
  "no control groups": { files: {}, memory: "" },
};

for (const shell of ["dash", "bash", "busybox"]) {
  testWith([shell], `fault: memory limit of the container: as read by ${shell}`, async () => {
    for (const [name, { files, memory }] of Object.entries(SYSTEMS)) {
      await using folder = await TempFolder.make();
      const all: Record<string, string> = {
        "proc/self/limits": LIMITS.replace("FILE", "unlimited"),
        "proc/self/status": "Name:\tsh\nSigBlk:\t0000000000000001\nSigIgn:\t0000000001001000\n",
        ...files,
      };
      const facts = `memory=${memory} file=unlimited files=1024 hangup=\n`;
      assert.equal(await readFacts(shell, folder.path, all), facts, name);
    }
  });
}

Deno.test("system_facts.sh: the size of files, and an ignored SIGHUP", async () => {
  await using folder = await TempFolder.make();
  const files = {
    "proc/self/limits": LIMITS.replace("FILE", "512000"),
    "proc/self/status": "SigIgn:\t0000000001001001\nSigCgt:\t0000000000000000\n",
  };
  const text = "memory= file=512000 files=1024 hangup=ignored\n";
  assert.equal(await readFacts("sh", folder.path, files), text);
});

/** Runs the script on files of a system, and returns the facts. */
async function readFacts(
  shell: string,
  root: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    const file = `${root}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  const print = 'echo "memory=$memory file=$file files=$open_files hangup=$hangup"';
  const args = ["-c", `root=$1; . "$2"; ${print}`, "sh", root, SCRIPT];
  const { stdout, stderr } = await run(shell, shell === "busybox" ? ["sh", ...args] : args);
  assert.equal(stderr, "");
  return stdout;
}
