/**
 * Words that the most used passwords are built from. A password that is one of these, repeated or decorated, is guessed
 * first; length does not help it. Compact on purpose: the policy strips decoration before it looks here.
 */
const WORDS = `
password passwort passwd passphrase secret secure security letmein letmeinplease welcome welcomehome login logmein signin
admin administrator root superuser manager guest user username test testing tester demo example sample default changeme
changemenow changeit temp temporary qwerty qwertyuiop qwertyui qwertz azerty asdf asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx
qazwsxedc abc abcd abcdef abcdefgh abcdefghij abcdefghijklmnop abcdefghijklmnopqrstuvwxyz iloveyou iloveu loveyou lovely
loveme trustno trustme sunshine princess dragon monkey master shadow superman batman spiderman ironman pokemon football
baseball basketball soccer hockey liverpool arsenal chelsea barcelona realmadrid manchester juventus yankees cowboys
steelers lakers michael jennifer jessica ashley daniel andrew joshua matthew thomas robert charlie jordan hunter harley
ranger buster tigger pepper ginger cookie cheese banana chocolate butterfly flower summer winter spring autumn january
february march april may june july august september october november december monday tuesday wednesday thursday friday
saturday sunday computer internet google facebook microsoft windows apple samsung android iphone starwars startrek
matrix whatever nothing something anything correcthorsebatterystaple correcthorse batterystaple mustang corvette ferrari
porsche mercedes yamaha killer ninja samurai phoenix merlin wizard freedom america london paris berlin newyork california
texas florida hello helloworld hellohello goodbye access accessgranted open opensesame sesame blink fuckyou fuckoff
asshole bitch jesus jesuschrist heaven angel angels baby babygirl babyboy family mother father brother sister friend
friends forever together money dollar million billion diamond golden silver purple orange yellow green black white
thisisapassword thisismypassword mypassword mysecretpassword yourpassword newpassword oldpassword ilovemyfamily
ilovemymother ilovejesus donotforget idontknow holdfast postgres postgresql oracle mysql database server cisco
company corporate business office work
`;

export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(WORDS.split(/\s+/).filter(word => word !== ''));
