// Where npm has put the Go program.
import { resolveBinary } from 'dbmate';

console.log(resolveBinary());
