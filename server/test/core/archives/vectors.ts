/** The same text packed by the reference tools: bzip2 1.0, XZ Utils 5.4, zstd 1.5, lz4 1.9. */
export const PLAIN: Uint8Array = new TextEncoder().encode(
  Array.from({ length: 400 }, (_, i) => `line ${i % 37} of a text that repeats itself\n`).join(''),
);

const base64 = (value: string) => new Uint8Array(Buffer.from(value, 'base64'));

export const BZIP2 = base64(
  'QlpoOTFBWSZTWR8mwoUAEo5ZgAAQQAB/4CNl3EBAAb3KIBQADQMmQUAA0DJkCaqpvVQ0/1KNAABSolPUP1Q2pkHlHARcBFgIuQi9049KYpgvEt' +
    'LkvIvMupdi9C6lpaXBaWlpaWlpaXgWy2WyyWppNJmmaZpqmqap0EXcKnSqU9i5LkuZcFhYWS4hMLC4LJdITCwslipYWFksLCwslhdJYWFhcFwX' +
    'FM0zTNMYpmmUyEXgIu4RfgRchF4CLoIvYIuQi6CLIRZCLQReoRchF0EWwRbBFgItwRfIRfwRbAiyEW4RbhF/i7kinChID5NhQoA=',
);
export const LZMA_ALONE = base64(
  'XQAAgAD//////////wA2GkofCKAmA00Gne/tjKE/yDjPbYUvmmiZny/2wNKjAjboejd8I+/NQluM1mMDBfBSeJzgIH6OtYVo61Cy0Fm0YA4Pgx' +
    '3E4Yv/3Jj9W5Vsw1irMDc+FAE9FuEFCBzpF/YJ19YgqmAKSC4MDPl/P695NJ3JneRPxRzWLCTQYKJgVOdxkp+LaiSUt9pIVY4IkWXceBkdPXc8' +
    'mQUnKU2BAf4ZtJcLH/zdiFo=',
);
export const XZ = base64(
  '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4DrxAKNdADYaSh8IoCYDTQad7+2MoT/IOM9thS+aaJmfL/bA0qMCNuh6N3wj781CW4zWYwMF8FJ4nO' +
    'Agfo61hWjrULLQWbRgDg+DHcThi//cmP1blWzDWKswNz4UAT0W4QUIHOkX9gnX1iCqYApILgwM+X8/r3k0ncmd5E/FHNYsJNBgomBU53GSn4tq' +
    'JJS32khVjgiRZdx4GR09dzyZBScpTYEB/gwpqQAAAGvWTicCH/IwAAG/AfJ1AABaKPxrscRn+wIAAAAABFla',
);
/** With the delta filter before LZMA2. */
export const XZ_DELTA = base64(
  '/Td6WFoAAATm1rRGAgEDAQMhARCiKhIV4DrxAPFdADYaSh8PXrZN3luSTyA7/+lkJCD9muXObvV9lUBAcCh0i8200Brl9khujDV3x8oFqjXJS+' +
    'mheBf9fXoaFYRdvSi6Wawg3jLjUXuHUTScMW2djvgp2GwyzLF0mO+0Kzx54ftozJbhv6SPvK/3T60EAB2bqEQly4L5e0ZIvEEtdsvQnhWsd4JG' +
    'RxCht3Mh/WYQvT9I0AqF8oicTCtRawGW2DP58JdMkCr7qoAxrCjyGUkfcwcDP1McvZ6rTPcbF06vIy9V6WH/iJR0rjkJVhlrjTNVpdf2bB+NIH' +
    'UC9IRpDeyi+aqRYKOp4UDazXgUU9Wz0AAAAAAAa9ZOJwIf8jAAAY0C8nUAACz07mWxxGf7AgAAAAAEWVo=',
);
export const ZSTD = base64(
  'KLUv/QRodQMA0oQPEaDtAKo5adqqup/dmpTF/W6OZAheDfxjChmCV8P+mEKG4FU9ppAheBWolmSzy0YJpvhGq98z9dHVe3hyrAUmqDHoof3v0J' +
    'uVMRE0BP//DMGp798Be/WuKqCnUABTQCVXIrZzedPt7l0EkCp4qXIm',
);
export const LZ4 = base64(
  'BCJNGGRApxgBAADxFmxpbmUgMCBvZiBhIHRleHQgdGhhdCByZXBlYXRzIGl0c2VsZgolAB8xJQARHzIlABEfMyUAER80JQARHzUlABEfNiUAER' +
    '83JQARHzglABEfOU0BEg9zARMPdAESHzF1ARIfMXYBEh8xdwESHzF4ARIfMXkBEh8xegESHzF7ARIfMXwBEh8yfAESHzLwAhMPfAESHzJ8ARIf' +
    'MnwBEh8yfAESHzJ8ARIfMnwBEh8yfAESHzJ8ARIfM3wBEh8zfAESHzNtBBMPfAESHzN8ARIfM3wBEh8zfAEND3QF//////////////////////' +
    '////////////////////////////////////////////////+bUHNlbGYKAAAAAAz8tkg=',
);
/** A raw LZMA stream with an end mark; properties 0x5d, dictionary 64 KiB. */
export const LZMA_RAW = base64(
  'ADYaSh8IoCYDTQad7+2MoT/IOM9thS+aaJmfL/bA0qMCNuh6N3wj781CW4zWYwMF8FJ4nOAgfo61hWjrULLQWbRgDg+DHcThi//cmP1blWzDWK' +
    'swNz4UAT0W4QUIHOkX9gnX1iCqYApILgwM+X8/r3k0ncmd5E/FHNYsJNBgomBU53GSn4tqJJS32khVjgiRZdx4GR09dzyZBScpTYEB/hm0lwsf' +
    '/N2IWg==',
);
