// SPDX-License-Identifier: Apache-2.0

// Few decimal digits that are read back as the same double.
//
// *Idea*. Grisu2 (Loitsch, "Printing floating-point numbers quickly and accurately with integers", 2010). The double and
// the two borders half way to its neighbours are multiplied by a power of ten that brings them into a range where digits
// can be cut off with 64-bit arithmetic; digits are made until what is left cannot be told from the double any more. In
// some of a thousand cases there would be a shorter text, or one as short that is closer: Redis prints the same digits,
// because it does the same.

/// The digits of a finite double above 0, and how far from the last of them the point stands.
struct ShortestDigits {
    /// Digits as ASCII, in the order of the text from the lowest byte on.
    private var storage: [3 of UInt64] = [3 of UInt64](repeating: 0)
    private(set) var count = 0
    /// The value is the digits as an integer, times ten to this power.
    private(set) var scale = 0

    init(_ value: Double) {
        precondition(value > 0 && value.isFinite, "a number without digits")
        var (lower, upper) = Scaled.borders(of: value)
        let power = Scaled.power(for: upper.exponent)
        let exact = Scaled(normalizing: value) * power.factor
        upper = upper * power.factor
        lower = lower * power.factor
        // The products are rounded: one unit is given away at either end.
        scale = -power.ten
        cut(exact.fraction, from: lower.fraction &+ 1, to: upper.fraction &- 1, exponent: upper.exponent)
    }

    /// Lends some of the digits.
    mutating func withView(_ range: Range<Int>, _ body: (ByteView) -> Void) {
        withStorage { body($0.view(range.lowerBound, range.count)) }
    }

    private mutating func withStorage<R>(_ body: (Address) -> R) -> R {
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe body(Address(bytes.baseAddress!))
        }
    }

    private mutating func append(_ digit: UInt64) {
        if digit == 0, count == 0 { return }
        let at = count
        precondition(at < 24, "a double of too many digits")
        withStorage { $0.setU8(at, UInt8(truncatingIfNeeded: digit) &+ 48) }
        count += 1
    }

    /// Makes digits of the upper border until what is left lies above the lower one.
    private mutating func cut(_ exact: UInt64, from lower: UInt64, to upper: UInt64, exponent: Int) {
        let bits = UInt64(-exponent)
        let one: UInt64 = 1 << bits
        var distance = upper &- exact
        var room = upper &- lower
        var whole = upper >> bits
        var part = upper & (one &- 1)
        var unit: UInt64 = 1_000_000_000
        var left = 10
        while left > 0 {
            append(whole / unit)
            whole %= unit
            left -= 1
            let rest = whole << bits &+ part
            if rest <= room {
                scale += left
                return round(room, rest, unit << bits, distance)
            }
            unit /= 10
        }
        while true {
            part = part &* 10
            room = room &* 10
            distance = distance &* 10
            left -= 1
            append(part >> bits)
            part &= one &- 1
            if part < room {
                scale += left
                return round(room, part, one, distance)
            }
        }
    }

    /// Lowers the last digit as long as that brings the text nearer to the double.
    private mutating func round(_ room: UInt64, _ rest: UInt64, _ unit: UInt64, _ distance: UInt64) {
        var rest = rest
        let last = count - 1
        while rest < distance, room &- rest >= unit,
            rest &+ unit < distance || distance &- rest > rest &+ unit &- distance
        {
            withStorage { $0.setU8(last, $0.u8(last) &- 1) }
            rest = rest &+ unit
        }
    }
}

/// A number of 64 bits, times two to an exponent.
private struct Scaled {
    var fraction: UInt64
    var exponent: Int

    private static let hiddenBit: UInt64 = 1 << 52

    private init(fraction: UInt64, exponent: Int) {
        self.fraction = fraction
        self.exponent = exponent
    }

    private init(_ value: Double) {
        let stored = Int(value.bitPattern >> 52) & 0x7FF
        fraction = value.bitPattern & (Scaled.hiddenBit - 1)
        if stored > 0 { fraction |= Scaled.hiddenBit }
        exponent = max(stored, 1) - 1075
    }

    /// A double, its highest bit set.
    init(normalizing value: Double) {
        self.init(value)
        normalize()
    }

    private mutating func normalize() {
        let shift = fraction.leadingZeroBitCount
        fraction <<= UInt64(shift)
        exponent -= shift
    }

    /// The borders half way to a double's neighbours, with one exponent.
    static func borders(of value: Double) -> (lower: Scaled, upper: Scaled) {
        let exact = Scaled(value)
        var upper = Scaled(fraction: exact.fraction << 1 | 1, exponent: exact.exponent - 1)
        upper.normalize()
        // Below a power of two neighbours are half as far apart.
        let shift = exact.fraction == hiddenBit ? 2 : 1
        var lower = Scaled(fraction: exact.fraction << UInt64(shift) - 1, exponent: exact.exponent - shift)
        lower.fraction <<= UInt64(lower.exponent - upper.exponent)
        lower.exponent = upper.exponent
        return (lower, upper)
    }

    /// The upper half of the product, rounded.
    static func * (left: Scaled, right: Scaled) -> Scaled {
        let product = left.fraction.multipliedFullWidth(by: right.fraction)
        return Scaled(
            fraction: product.high &+ (product.low >> 63), exponent: left.exponent + right.exponent + 64)
    }

    /// A power of ten by which a number with this exponent becomes one with 32 to 60 bits behind the point.
    static func power(for exponent: Int) -> (factor: Scaled, ten: Int) {
        var index = (Int(Double(-(exponent + powers.count)) * 0.30102999566398114) - tenMin) / tenStep
        while true {
            let ten = tenMin + index * tenStep
            // The power's own exponent is the logarithm to the base two, less 63.
            let own = (ten * 217_706) >> 16 - 63
            let sum = exponent + own + 64
            if sum < -60 {
                index += 1
            } else if sum > -32 {
                index -= 1
            } else {
                return (Scaled(fraction: powers[index], exponent: own), ten)
            }
        }
    }

    private static let tenMin = -348
    private static let tenStep = 8

    /// The upper 64 bits of every eighth power of ten from 10^-348 to 10^340, rounded.
    private static let powers: [87 of UInt64] = [
        0xFA8F_D5A0_081C_0288, 0xBAAE_E17F_A23E_BF76, 0x8B16_FB20_3055_AC76, 0xCF42_894A_5DCE_35EA,
        0x9A6B_B0AA_5565_3B2D, 0xE61A_CF03_3D1A_45DF, 0xAB70_FE17_C79A_C6CA, 0xFF77_B1FC_BEBC_DC4F,
        0xBE56_91EF_416B_D60C, 0x8DD0_1FAD_907F_FC3C, 0xD351_5C28_3155_9A83, 0x9D71_AC8F_ADA6_C9B5,
        0xEA9C_2277_23EE_8BCB, 0xAECC_4991_4078_536D, 0x823C_1279_5DB6_CE57, 0xC210_9436_4DFB_5637,
        0x9096_EA6F_3848_984F, 0xD774_85CB_2582_3AC7, 0xA086_CFCD_97BF_97F4, 0xEF34_0A98_172A_ACE5,
        0xB238_67FB_2A35_B28E, 0x84C8_D4DF_D2C6_3F3B, 0xC5DD_4427_1AD3_CDBA, 0x936B_9FCE_BB25_C996,
        0xDBAC_6C24_7D62_A584, 0xA3AB_6658_0D5F_DAF6, 0xF3E2_F893_DEC3_F126, 0xB5B5_ADA8_AAFF_80B8,
        0x8762_5F05_6C7C_4A8B, 0xC9BC_FF60_34C1_3053, 0x964E_858C_91BA_2655, 0xDFF9_7724_7029_7EBD,
        0xA6DF_BD9F_B8E5_B88F, 0xF8A9_5FCF_8874_7D94, 0xB944_7093_8FA8_9BCF, 0x8A08_F0F8_BF0F_156B,
        0xCDB0_2555_6531_31B6, 0x993F_E2C6_D07B_7FAC, 0xE45C_10C4_2A2B_3B06, 0xAA24_2499_6973_92D3,
        0xFD87_B5F2_8300_CA0E, 0xBCE5_0864_9211_1AEB, 0x8CBC_CC09_6F50_88CC, 0xD1B7_1758_E219_652C,
        0x9C40_0000_0000_0000, 0xE8D4_A510_0000_0000, 0xAD78_EBC5_AC62_0000, 0x813F_3978_F894_0984,
        0xC097_CE7B_C907_15B3, 0x8F7E_32CE_7BEA_5C70, 0xD5D2_38A4_ABE9_8068, 0x9F4F_2726_179A_2245,
        0xED63_A231_D4C4_FB27, 0xB0DE_6538_8CC8_ADA8, 0x83C7_088E_1AAB_65DB, 0xC45D_1DF9_4271_1D9A,
        0x924D_692C_A61B_E758, 0xDA01_EE64_1A70_8DEA, 0xA26D_A399_9AEF_774A, 0xF209_787B_B47D_6B85,
        0xB454_E4A1_79DD_1877, 0x865B_8692_5B9B_C5C2, 0xC835_53C5_C896_5D3D, 0x952A_B45C_FA97_A0B3,
        0xDE46_9FBD_99A0_5FE3, 0xA59B_C234_DB39_8C25, 0xF6C6_9A72_A398_9F5C, 0xB7DC_BF53_54E9_BECE,
        0x88FC_F317_F222_41E2, 0xCC20_CE9B_D35C_78A5, 0x9816_5AF3_7B21_53DF, 0xE2A0_B5DC_971F_303A,
        0xA8D9_D153_5CE3_B396, 0xFB9B_7CD9_A4A7_443C, 0xBB76_4C4C_A7A4_4410, 0x8BAB_8EEF_B640_9C1A,
        0xD01F_EF10_A657_842C, 0x9B10_A4E5_E991_3129, 0xE710_9BFB_A19C_0C9D, 0xAC28_20D9_623B_F429,
        0x8044_4B5E_7AA7_CF85, 0xBF21_E440_03AC_DD2D, 0x8E67_9C2F_5E44_FF8F, 0xD433_179D_9C8C_B841,
        0x9E19_DB92_B4E3_1BA9, 0xEB96_BF6E_BADF_77D9, 0xAF87_023B_9BF0_EE6B,
    ]
}
